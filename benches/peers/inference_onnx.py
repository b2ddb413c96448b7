"""ONNX Runtime, one time step per call. Two sets of state buffers, bound once, alternate as input and output."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import networks
from worker import arguments, serve

args = arguments()
config = args.config
weights, x, _ = networks.read_case(config, args.case)
frames = x[0][:, None]


def model() -> bytes:
    """Returns a time step of the network as a serialized ONNX model."""
    nodes, inputs, outputs = [], [], []
    constants = {"alpha": networks.ALPHA, "zero": np.float32(0)}
    spikes = "events"

    def node(operator: str, operands: list[str], result: str) -> str:
        nodes.append(helper.make_node(operator, operands, [result]))
        return result

    for i, (weight, decay, (_, limit)) in enumerate(zip(weights, config.synaptic_decays, config.limits)):
        constants |= {f"weight{i}": weight, f"decay{i}": decay, f"limit{i}": np.float32(limit)}
        inputs += [(f"isyn{i}", decay.size), (f"vmem{i}", decay.size)]
        outputs += [(f"isyn_after{i}", decay.size), (f"vmem_after{i}", decay.size)]
        current = node("MatMul", [spikes, f"weight{i}"], f"current{i}")
        summed = node("Add", [f"isyn{i}", current], f"summed{i}")
        isyn = node("Mul", [summed, f"decay{i}"], f"isyn_after{i}")
        leaked = node("Mul", [f"vmem{i}", "alpha"], f"leaked{i}")
        before_reset = node("Add", [leaked, isyn], f"before_reset{i}")
        floor = node("Floor", [before_reset], f"floor{i}")
        spikes = node("Clip", [floor, "zero", f"limit{i}"], f"spikes{i}")
        node("Sub", [before_reset, spikes], f"vmem_after{i}")

    def value(name: str, width: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, width])

    graph = helper.make_graph(
        nodes,
        "step",
        [value("events", config.channels), *(value(*state) for state in inputs)],
        [value(spikes, config.classes), *(value(*state) for state in outputs)],
        [numpy_helper.from_array(np.asarray(constant), name) for name, constant in constants.items()],
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    built.ir_version = 9
    onnx.checker.check_model(built)
    return built.SerializeToString()


options = onnxruntime.SessionOptions()
options.intra_op_num_threads, options.inter_op_num_threads = args.threads, 1
session = onnxruntime.InferenceSession(model(), options, providers=["CPUExecutionProvider"])
state_names = [value.name for value in session.get_inputs()[1:]]
after_names = [value.name for value in session.get_outputs()[1:]]
widths = [value.shape[1] for value in session.get_inputs()[1:]]


def buffer(width: int) -> onnxruntime.OrtValue:
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((1, width), np.float32))


events, output = buffer(config.channels), buffer(config.classes)
buffers = [[buffer(width) for width in widths] for _ in range(2)]
bindings = []
for before, after in (buffers, buffers[::-1]):
    binding = session.io_binding()
    binding.bind_ortvalue_input("events", events)
    binding.bind_ortvalue_output(session.get_outputs()[0].name, output)
    for i in range(len(widths)):
        binding.bind_ortvalue_input(state_names[i], before[i])
        binding.bind_ortvalue_output(after_names[i], after[i])
    bindings.append(binding)


def step() -> None:
    for t, frame in enumerate(frames):
        events.update_inplace(frame)
        session.run_with_iobinding(bindings[t % 2])


outputs = np.empty((len(frames), config.classes), np.float32)
for t, frame in enumerate(frames):
    events.update_inplace(frame)
    session.run_with_iobinding(bindings[t % 2])
    outputs[t] = output.numpy()
outputs.tofile(args.result)
serve(step, units=len(frames), version=f"ONNX Runtime {onnxruntime.__version__}")
