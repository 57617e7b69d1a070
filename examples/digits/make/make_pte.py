# SPDX-License-Identifier: Apache-2.0
"""Write ../models/digits-*.pte, ExecuTorch programs of the weights of ../models/digits-fp32.onnx, by ExecuTorch's own exporter.

digits-fp32.pte and digits-int8.pte are handed to XNNPACK whole, digits-fp32-kernels.pte to no backend: its operators run on the
kernels that the runtime brings. int8 is XNNPACK's quantizer: weights per channel, static activations calibrated on the training
images, float at both ends.
"""

import onnx
import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from executorch.exir import to_edge_transform_and_lower
from onnx import numpy_helper
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

import data

CONVS = 4
POOL_AFTER = [False, False, True, True]


def net(model):
    """The net in an ONNX model of train.py as a module of PyTorch."""
    weights = {row.name: torch.from_numpy(numpy_helper.to_array(row).copy()) for row in model.graph.initializer}
    layers = []
    for i in range(1, CONVS + 1):
        kernel, bias = weights[f"conv{i}.weight"], weights[f"conv{i}.bias"]
        conv = torch.nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1)
        conv.weight.data, conv.bias.data = kernel, bias
        layers += [conv, torch.nn.ReLU()]
        if POOL_AFTER[i - 1]:
            layers.append(torch.nn.MaxPool2d(2))
    dense = torch.nn.Linear(*weights["dense.weight"].shape)
    dense.weight.data, dense.bias.data = weights["dense.weight"].T.contiguous(), weights["dense.bias"]
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), dense).eval()


def export(module, image, partitioners):
    """(program, names of the backends that parts of it were handed to, operators that were not)"""
    program = torch.export.export(module, (image,))
    done = to_edge_transform_and_lower(program, partitioner=partitioners).to_executorch()
    plan = done.executorch_program.execution_plan[0]
    return done.buffer, [row.id for row in plan.delegates], [row.name for row in plan.operators]


def quantize(module, images):
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False))
    prepared = prepare_pt2e(torch.export.export(module, (images[:1],)).module(), quantizer)
    for image in images:
        prepared(image[None])
    return convert_pt2e(prepared)


def main():
    torch.set_num_threads(1)
    folder = data.ROOT / "models"
    module = net(onnx.load(folder / "digits-fp32.onnx"))
    training, _, _, _ = data.load()
    images = torch.from_numpy(training)
    forms = {
        "digits-fp32": (module, [XnnpackPartitioner()]),
        "digits-fp32-kernels": (module, None),
        "digits-int8": (quantize(module, images), [XnnpackPartitioner()]),
    }
    for name, (form, partitioners) in forms.items():
        content, delegates, operators = export(form, images[:1], partitioners)
        (folder / f"{name}.pte").write_bytes(content)
        print(f"{name}.pte: {len(content)} bytes; delegates {delegates}; operators {operators}")


if __name__ == "__main__":
    main()
