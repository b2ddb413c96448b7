"""Brian2: the generated C++ program (`cpp_standalone`), timed by its own loop.

Unlike in the other engines, a neuron spikes at most once per step, and a spike takes a step to reach the next layer.
"""

import numpy as np
import brian2 as b2

import networks
from worker import arguments, serve

REPEATS = 20  # repetitions of the input in one run of the program

args = arguments()
config = args.config
weights, x, _ = networks.read_case(config, args.case)
times, channels = np.nonzero(np.tile(x[0], (REPEATS, 1)))
folder = str(args.case / "brian2")

b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
b2.defaultclock.dt = 1 * b2.ms
source = b2.SpikeGeneratorGroup(config.channels, channels, times * b2.ms)
network = b2.Network(source)
monitors = []
for i, (weight, decay) in enumerate(zip(weights, config.synaptic_decays)):
    equations = "v : 1\nI : 1\nbeta : 1 (constant)"
    group = b2.NeuronGroup(decay.size, equations, threshold="v >= 1", reset="v -= 1", name=f"layer{i}")
    group.beta = decay
    group.run_regularly("I = I * beta\nv = v * 0.5 + I", dt=1 * b2.ms, when="groups")
    synapses = b2.Synapses(source, group, "w : 1", on_pre="I_post += w", name=f"synapses{i}")
    synapses.connect()
    synapses.w = weight.ravel()
    monitors.append(b2.SpikeMonitor(group, record=False, name=f"monitor{i}"))
    network.add(group, synapses, monitors[-1])
    source = group
steps = REPEATS * len(x[0])
network.run(steps * b2.ms)
b2.device.build(directory=folder, compile=True, run=False, with_output=False)


def step() -> float:
    b2.device.run(directory=folder, with_output=False, run_args=[])
    return b2.device._last_run_time


step()
rates = [float(monitor.num_spikes) / steps / len(monitor.source) for monitor in monitors]
flags = " ".join(b2.prefs["codegen.cpp.extra_compile_args_gcc"])
serve(step, units=steps, version=f"Brian2 {b2.__version__} ({flags})", rates=rates)
