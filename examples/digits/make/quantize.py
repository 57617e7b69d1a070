# SPDX-License-Identifier: Apache-2.0
"""Make ../models/digits-int8.onnx from the fp32 model: QDQ, int8 weights per channel, uint8 activations.

Calibration reads the training images alone. Weights keep 7 bits (reduce_range): on x86-64 processors without
VNNI a sum of two 8-bit products can saturate at 16 bits, and the answers would then depend on the processor.
"""

import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

import data


class Images(CalibrationDataReader):
    def __init__(self, images):
        self.rest = iter(images)

    def get_next(self):
        image = next(self.rest, None)
        return None if image is None else {"image": image[None]}


def quantize(model, images):
    """Return the int8 form of an fp32 model, calibrated on images [N,1,8,8]."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(model, source, skip_optimization=True, skip_symbolic_shape=True)
        quantize_static(
            source,
            target,
            Images(images),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )
        result = onnx.load(target)
    onnx.checker.check_model(result, full_check=True)
    return result


def main():
    images, _, _, _ = data.load()
    folder = data.ROOT / "models"
    result = quantize(onnx.load(folder / "digits-fp32.onnx"), images)
    (folder / "digits-int8.onnx").write_bytes(result.SerializeToString(deterministic=True))
    print(f"digits-int8.onnx: calibrated on {len(images)} training images")


if __name__ == "__main__":
    main()
