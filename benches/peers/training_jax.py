"""A training step in JAX: the network written with `lax.scan`, compiled by XLA.

Settings are `<form>-<unroll>`. `layers` multiplies a layer's whole input by its weights, then scans over its neurons;
`layers_vjp` does the same with a hand-written backward pass of the scan, which stores membrane potentials only; `steps`
is one scan whose step updates all layers. `unroll` is the argument of `lax.scan`.
"""

import os
from functools import partial

from worker import arguments, serve

args = arguments()
config = args.config
if args.threads == 1:
    # XLA sizes its thread pools by the number of cores that the process may use.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import optax  # noqa: E402
from safetensors.numpy import save_file  # noqa: E402

import networks  # noqa: E402
from networks import ALPHA, WINDOW  # noqa: E402

form, unroll = args.setting.rsplit("-", 1)
unroll = int(unroll)
weights, x, y = networks.read_case(config, args.case)
# `lax.scan` runs over the first axis: time first.
x, y = (jnp.asarray(a.transpose(1, 0, 2)) for a in (x, y))
weights = [jnp.asarray(weight) for weight in weights]
decays = [jnp.asarray(decay) for decay in config.synaptic_decays]


def surrogate(vmem, threshold, max_spikes):
    """Rockpool's periodic exponential surrogate gradient."""
    shifted = vmem - threshold / 2
    periods = jnp.minimum(jnp.floor(shifted / threshold), max_spikes - 1)
    within = jnp.where(vmem >= threshold, shifted - periods * threshold, shifted)
    return jnp.exp(-jnp.abs(within - threshold / 2) / WINDOW) / threshold


@partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def spikes_of(vmem, threshold, max_spikes):
    return jnp.clip(jnp.floor(vmem / threshold), 0.0, max_spikes)


@spikes_of.defjvp
def _(threshold, max_spikes, primals, tangents):
    (vmem,), (tangent,) = primals, tangents
    return spikes_of(vmem, threshold, max_spikes), tangent * surrogate(vmem, threshold, max_spikes)


def update(state, current, decay, threshold, max_spikes):
    """Updates a layer by one step. Returns its state, its spikes, and its membrane potentials before reset."""
    isyn, vmem = state
    isyn = (isyn + current) * decay
    vmem = vmem * ALPHA + isyn
    spikes = spikes_of(vmem, threshold, max_spikes)
    return (isyn, vmem - spikes * threshold), spikes, vmem


def silence(shape):
    return (jnp.zeros(shape, jnp.float32),) * 2


def scan_layer(currents, decay, threshold, max_spikes, gives_vmem):
    def body(state, current):
        state, spikes, _ = update(state, current, decay, threshold, max_spikes)
        return state, (state[1] if gives_vmem else spikes)

    return jax.lax.scan(body, silence(currents.shape[1:]), currents, unroll=unroll)[1]


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def scan_layer_vjp(currents, decay, threshold, max_spikes, gives_vmem):
    return scan_layer(currents, decay, threshold, max_spikes, gives_vmem)


def scan_forward(currents, decay, threshold, max_spikes, gives_vmem):
    def body(state, current):
        state, spikes, before_reset = update(state, current, decay, threshold, max_spikes)
        return state, (before_reset, state[1] if gives_vmem else spikes)

    _, (before_reset, output) = jax.lax.scan(body, silence(currents.shape[1:]), currents, unroll=unroll)
    return output, (before_reset, decay)


def scan_backward(threshold, max_spikes, gives_vmem, residuals, d_output):
    before_reset, decay = residuals

    def body(state, inputs):
        d_vmem_next, d_isyn_next = state
        vmem, d_out = inputs
        d_after = ALPHA * d_vmem_next + (d_out if gives_vmem else 0.0)
        d_spikes = (0.0 if gives_vmem else d_out) - threshold * d_after
        d_vmem = d_after + d_spikes * surrogate(vmem, threshold, max_spikes)
        d_isyn = d_vmem + decay * d_isyn_next
        return (d_vmem, d_isyn), d_isyn * decay

    inputs = (before_reset, d_output)
    d_currents = jax.lax.scan(body, silence(d_output.shape[1:]), inputs, reverse=True, unroll=unroll)[1]
    return d_currents, jnp.zeros_like(decay)


scan_layer_vjp.defvjp(scan_forward, scan_backward)


def forward_by_layers(weights, x, scan):
    last = len(weights) - 1
    for i, (weight, decay, limits) in enumerate(zip(weights, decays, config.limits)):
        x = scan(x @ weight, decay, *limits, i == last and config.output == "vmem")
    return x


def forward_by_steps(weights, x):
    def body(states, spikes):
        new = []
        for state, weight, decay, limits in zip(states, weights, decays, config.limits):
            state, spikes, _ = update(state, spikes @ weight, decay, *limits)
            new.append(state)
        return new, (new[-1][1] if config.output == "vmem" else spikes)

    states = [silence((x.shape[1], weight.shape[1])) for weight in weights]
    return jax.lax.scan(body, states, x, unroll=unroll)[1]


forward = {
    "layers": partial(forward_by_layers, scan=scan_layer),
    "layers_vjp": partial(forward_by_layers, scan=scan_layer_vjp),
    "steps": forward_by_steps,
}[form]


def loss_of(weights):
    return ((forward(weights, x) - y) ** 2).mean()


loss, gradients = jax.jit(jax.value_and_grad(loss_of))(weights)
tensors = {name: np.asarray(gradient) for name, gradient in zip(config.weight_names, gradients)}
save_file({"loss": np.asarray(loss).reshape(1), **tensors}, args.result)

optimizer = optax.adam(networks.LEARNING_RATE)


@partial(jax.jit, donate_argnums=(0, 1))
def train(weights, moments):
    loss, gradients = jax.value_and_grad(loss_of)(weights)
    updates, moments = optimizer.update(gradients, moments, weights)
    return optax.apply_updates(weights, updates), moments, loss


state = (weights, optimizer.init(weights))


def step() -> None:
    global state
    *state, loss = train(*state)
    loss.block_until_ready()


serve(step, version=f"JAX {jax.__version__}")
