"""JAX, one time step per call of a compiled function."""

import jax
import jax.numpy as jnp
import numpy as np

import networks
from worker import arguments, serve

args = arguments()
config = args.config
weights, x, _ = networks.read_case(config, args.case)
weights = [jnp.asarray(weight) for weight in weights]
frames = [jnp.asarray(frame[None]) for frame in x[0]]


@jax.jit
def step(weights, states, spikes):
    after = []
    for weight, decay, (_, max_spikes), (isyn, vmem) in zip(
        weights, config.synaptic_decays, config.limits, states
    ):
        isyn = (isyn + spikes @ weight) * decay
        vmem = vmem * networks.ALPHA + isyn
        spikes = jnp.clip(jnp.floor(vmem), 0.0, max_spikes)
        after.append((isyn, vmem - spikes))
    return after, spikes


def run() -> list[jax.Array]:
    states = [(jnp.zeros((1, weight.shape[1])),) * 2 for weight in weights]
    outputs = []
    for frame in frames:
        states, output = step(weights, states, frame)
        outputs.append(output)
    output.block_until_ready()
    return outputs


np.concatenate(run()).astype(np.float32).tofile(args.result)
serve(lambda: run() and None, units=len(frames), version=f"JAX {jax.__version__}")
