# SPDX-License-Identifier: Apache-2.0
"""Write ../models/digits-fp32.xml and .bin, OpenVINO's own format, from ../models/digits-fp32.onnx."""

import openvino

import data


def main():
    folder = data.ROOT / "models"
    model = openvino.Core().read_model(folder / "digits-fp32.onnx")
    openvino.save_model(model, folder / "digits-fp32.xml", compress_to_fp16=False)
    print(f"digits-fp32.xml and .bin: OpenVINO {openvino.__version__}")


if __name__ == "__main__":
    main()
