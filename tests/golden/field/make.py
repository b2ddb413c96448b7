"""Reference cases of networks of other tools: spikes and gradients, computed with SpikingJelly, snnTorch, Norse and
Rockpool (torch, CPU).

usage: python make.py OUT_DIR

Needs: torch, spikingjelly, snntorch, norse, rockpool, safetensors. README.md describes the files. Every case runs in f32
and in f64. Seeds are tried until both give the same spikes and no membrane is nearer to a threshold than MARGIN.
"""
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
import numpy as np
import torch
from safetensors.numpy import save_file

MARGIN = 2e-4
STEPS, BATCH = 60, 2


def dense(sources, targets, gain, dtype, generator):
    """A weight matrix [sources, targets], rounded to f32."""
    w = torch.randn(sources, targets, generator=generator, dtype=torch.float64) * gain / sources**0.5
    w = (w + 0.5 * gain / sources).float().to(dtype)
    return w.requires_grad_()


class Recorder:
    """Spikes of each layer by step, and the smallest distance from a threshold."""

    def __init__(self):
        self.spikes, self.margin = {}, float("inf")

    def near(self, v, threshold=1.0):
        self.margin = min(self.margin, (v.detach() - threshold).abs().min().item() / threshold)

    def add(self, layer, spikes):
        self.spikes.setdefault(layer, []).append(spikes)

    def stacked(self, layer):
        return torch.stack(self.spikes[layer], 1)


def spikingjelly_if(x, dtype, generator):
    from spikingjelly.activation_based import neuron, surrogate

    w = {"events->a": dense(6, 12, 1.0, dtype, generator), "a->b": dense(12, 8, 1.2, dtype, generator),
         "b->out": dense(8, 4, 1.5, dtype, generator)}
    atan = lambda: surrogate.ATan(alpha=2.0)
    a = neuron.IFNode(v_reset=0.0, surrogate_function=atan())
    b = neuron.IFNode(v_reset=None, surrogate_function=atan())
    out = neuron.IFNode(v_reset=0.0, surrogate_function=atan())
    charge = lambda v, current: v + current
    return chain(x, w, [("a", a, charge), ("b", b, charge), ("out", out, charge)])


def spikingjelly_lif(x, dtype, generator):
    from spikingjelly.activation_based import neuron, surrogate

    w = {"events->a": dense(6, 12, 2.0, dtype, generator), "a->b": dense(12, 8, 8.0, dtype, generator),
         "b->out": dense(8, 4, 2.5, dtype, generator)}
    options = lambda: dict(surrogate_function=surrogate.ATan(alpha=2.0))
    a = neuron.LIFNode(tau=5.0, decay_input=False, v_reset=0.0, **options())
    # `decay_input` divides the input by `tau`: a factor of the weights.
    b = neuron.LIFNode(tau=4.0, decay_input=True, v_reset=0.0, **options())
    out = neuron.LIFNode(tau=8.0, decay_input=False, v_reset=None, **options())
    layers = [
        ("a", a, lambda v, current: v * (1 - 1 / 5) + current),
        ("b", b, lambda v, current: v + (current - v) / 4),
        ("out", out, lambda v, current: v * (1 - 1 / 8) + current),
    ]
    return chain(x, w, layers, {"a->b": 1 / 4})


def snntorch_leaky(x, dtype, generator):
    import snntorch

    w = {"events->a": dense(6, 12, 2.0, dtype, generator), "a->b": dense(12, 8, 0.9, dtype, generator),
         "b->c": dense(8, 8, 2.0, dtype, generator), "c->out": dense(8, 4, 1.0, dtype, generator)}
    a = snntorch.Leaky(beta=0.9, reset_mechanism="zero", reset_delay=False)
    b = snntorch.Leaky(beta=0.85, reset_mechanism="subtract", reset_delay=False, threshold=0.8)
    # `syn = alpha * syn + input` does not decay the input in its own step: a factor of the weights.
    c = snntorch.Synaptic(alpha=0.7, beta=0.8, reset_mechanism="zero", reset_delay=False)
    out = snntorch.Leaky(beta=0.95, reset_mechanism="none")
    state = {"a": torch.zeros(()), "b": torch.zeros(()), "c": (torch.zeros(()), torch.zeros(())), "out": torch.zeros(())}
    thresholds = {"b": 0.8}
    recorder, previous, vmem = Recorder(), {}, []
    for t in range(x.shape[1]):
        counts = x[:, t]
        for name, node, weight in zip(["a", "b", "c", "out"], [a, b, c, out], w.values()):
            current = counts @ weight
            if name == "c":
                syn, mem = state[name]
                syn, mem = (torch.zeros_like(current) + s for s in (syn, mem))
                recorder.near(0.8 * mem + 0.7 * syn + current)
                spikes, syn, mem = node(current, syn, mem)
                state[name] = (syn, mem)
            else:
                mem = torch.zeros_like(current) + state[name]
                if name != "out":
                    charged, threshold = node.beta * mem + current, thresholds.get(name, 1.0)
                recorder.near(charged, threshold)
                # A membrane that is above the threshold after a reset is reset again, without a spike.
                if name == "b" and (charged > 2 * threshold).any():
                    recorder.margin = 0.0
                spikes, state[name] = node(current, mem)
            if name == "out":
                vmem.append(state[name])
            else:
                recorder.add(name, spikes)
            counts = spikes.to(dtype)
    return recorder, torch.stack(vmem, 1), {}, {name: weight / (0.7 if name == "b->c" else 1) for name, weight in w.items()}


def norse_box(x, dtype, generator):
    from norse.torch.functional.iaf import IAFFeedForwardState, IAFParameters, iaf_feed_forward_step
    from norse.torch.functional.lif_box import LIFBoxFeedForwardState, LIFBoxParameters, lif_box_feed_forward_step

    w = {"events->a": dense(6, 12, 12.0, dtype, generator), "a->b": dense(12, 8, 1.0, dtype, generator),
         "b->out": dense(8, 4, 12.0, dtype, generator)}
    number = lambda value: torch.as_tensor(value, dtype=dtype)
    box = LIFBoxParameters(tau_mem_inv=number(1 / 8e-3), v_leak=number(0.0), v_th=number(1.0), v_reset=number(0.0),
                           method="super", alpha=number(10.0))
    iaf = IAFParameters(v_th=number(1.0), v_reset=number(0.0), method="super", alpha=10.0)
    state = {name: torch.zeros((), dtype=dtype) for name in ["a", "b", "out"]}
    recorder = Recorder()
    for t in range(x.shape[1]):
        counts = x[:, t]
        for name, weight in zip(["a", "b", "out"], w.values()):
            current = counts @ weight
            v = torch.zeros_like(current) + state[name]
            if name == "b":
                recorder.near(v + current)
                counts, after = iaf_feed_forward_step(current, IAFFeedForwardState(v=v), iaf)
            else:
                recorder.near(v + 1e-3 / 8e-3 * (current - v))
                counts, after = lif_box_feed_forward_step(current, LIFBoxFeedForwardState(v=v), box, dt=1e-3)
            state[name] = after.v
            recorder.add(name, counts)
    scale = {"events->a": 1 / 8, "b->out": 1 / 8}
    return recorder, recorder.stacked("out"), *scaled(w, scale)


def chain(x, w, layers, scale={}):
    """Runs a chain of layers of SpikingJelly. `charge` repeats how a layer adds its input to the membrane."""
    recorder = Recorder()
    for t in range(x.shape[1]):
        counts = x[:, t]
        for (name, node, charge), weight in zip(layers, w.values()):
            current = counts @ weight
            recorder.near(charge(node.v, current))
            counts = node(current)
            recorder.add(name, counts)
    return recorder, recorder.stacked(layers[-1][0]), *scaled(w, scale)


def scaled(w, scale):
    """The leaves whose gradients are asked for, with the factor between them and the weights of the case."""
    return {name: (weight, scale.get(name, 1.0)) for name, weight in w.items()}, \
        {name: weight * scale.get(name, 1.0) for name, weight in w.items()}


def rockpool_wavesense(x, dtype, generator):
    from rockpool.nn.networks import WaveSenseNet

    torch.manual_seed(int(torch.randint(1 << 30, (), generator=generator)))
    net = WaveSenseNet(dilations=[2, 4, 8], n_classes=3, n_channels_in=6, n_channels_res=5, n_channels_skip=7,
                       n_hidden=6, kernel_size=2, tau_mem=6e-3, base_tau_syn=4e-3, tau_lp=8e-3)
    names = {"lin1": "events->encoding", "hidden": "+".join(f"skip{i}" for i in range(3)) + "->hidden",
             "readout": "hidden->out"}
    for i in range(3):
        sources = "+".join(["encoding"] + [f"residual{j}" for j in range(i)])
        names |= {f"wave{i}_lin1": f"{sources}->dilated{i}", f"wave{i}_lin2_skip": f"dilated{i}->skip{i}"}
        if i < 2:  # The residual output of the last block feeds nothing.
            names[f"wave{i}_lin2_res"] = f"dilated{i}->residual{i}"
    leaves = {}
    for path, name in names.items():
        module = net
        for part in path.split("_", 1) if path.startswith("wave") else [path]:
            module = getattr(module, part)
        with torch.no_grad():
            # Untrained weights are too weak for spikes in every layer.
            gain = {"lin1": 2.5, "lin2_res": 1.5, "lin2_skip": 1.0, "hidden": 0.5, "readout": 1.0}
            module.weight.data = (module.weight.data.abs() * 0.4 + module.weight.data) * gain[path.split("_", 1)[-1]]
            module.weight.data = module.weight.data.to(dtype)
        leaves[name] = (module.weight, 1.0)
    net = net.to(dtype)
    output, _, record = net(x, record=True)
    recorder = Recorder()

    def add(layer, record):
        recorder.spikes[layer] = list(record["spikes"].unbind(1))
        v = record["vmem"] + record["spikes"]  # before reset; thresholds are 1
        multiples = v.detach().clamp(min=0.6)
        recorder.margin = min(recorder.margin, (multiples - multiples.round()).abs().min().item())

    for layer, module in [("encoding", "spk1"), ("hidden", "spk2"), ("out", "spk_out")]:
        add(layer, net._record_dict[module])
    for i, block in enumerate(net.wave_blocks):
        for layer, module in [("dilated", "spk1"), ("residual", "spk2_res"), ("skip", "spk2_skip")]:
            if layer != "residual" or i < 2:
                add(f"{layer}{i}", block._record_dict[module])
    return recorder, output, leaves, {name: weight for name, (weight, _) in leaves.items()}


CASES = [spikingjelly_if, spikingjelly_lif, snntorch_leaky, norse_box, rockpool_wavesense]


def run(case, seed, dtype):
    generator = torch.Generator().manual_seed(seed)
    rate = 0.3
    x = (torch.rand(BATCH, STEPS, 6, generator=generator) < rate).to(dtype)
    recorder, output, leaves, weights = case(x, dtype, generator)
    target = torch.rand(output.shape, generator=generator).to(dtype)
    loss = ((output - target) ** 2).mean()
    tensors = {"input": x, "target": target, "output": output, "loss": loss}
    if leaves:
        loss.backward()
        # The gradient of a scaled weight is that of the leaf, divided by the factor.
        tensors |= {f"grad/{name}.weight": leaf.grad / factor for name, (leaf, factor) in leaves.items()}
    tensors |= {f"param/{name}.weight": weight for name, weight in weights.items()}
    tensors |= {f"spikes/{layer}": recorder.stacked(layer) for layer in recorder.spikes}
    return recorder.margin, {name: tensor.detach() for name, tensor in tensors.items()}


def main():
    out = Path(sys.argv[1])
    for case in CASES:
        for seed in range(4000):
            margin, single = run(case, seed, torch.float32)
            if margin < MARGIN:
                continue
            counts = {name: t.sum().item() for name, t in single.items() if name.startswith("spikes/")}
            if min(counts.values()) < 10 or max(counts.values()) > 2000:
                continue
            if case is not rockpool_wavesense:  # Rockpool computes in f32 only.
                _, double = run(case, seed, torch.float64)
                if any((single[name].double() != double[name]).any() for name in counts):
                    continue
            break
        else:
            raise SystemExit(f"{case.__name__}: no seed has a large enough margin")
        print(f"{case.__name__}: seed {seed}, margin {margin:.1e}, spikes {counts}")
        save_file({name: np.ascontiguousarray(t.float().numpy()) for name, t in single.items()},
                  out / f"{case.__name__}.safetensors")


if __name__ == "__main__":
    main()
