"""Network "@NETWORK@" on @CHIP@ (@PART@).

    config = configuration()     # for a board, through Rockpool and samna
    simulator = simulation()     # Rockpool's XyloSim

Written by snnc. What is known about this file:
@KNOWN@
"""

import warnings
from pathlib import Path

import numpy as np

SPECIFICATION = Path(__file__).with_name("@FILE@")

# The layers of the network. `ids` are those of the population; the neuron `neurons[i]` of the layer has the id `ids[i]`.
# `lag` is the number of steps by which the layer lags behind the float network. The spikes of the layers in
# `aliased_from` are added to those of these ids.
LAYERS = {
@LAYERS@}


def specification():
    """Returns the arrays of the specification, under the names of Rockpool's functions."""
    with np.load(SPECIFICATION) as file:
        spec = {name: file[name] for name in file.files}
    for name in ("weight_shift_in", "weight_shift_rec", "weight_shift_out"):
        spec[name] = int(spec[name])
    if "alias_target" in spec:
        # Rockpool takes a list of targets per hidden neuron; the file has one target, or -1 for none.
        spec["aliases"] = [[int(t)] if t >= 0 else [] for t in spec.pop("alias_target")]
    return spec


def configuration():
    """Returns samna's configuration object. Raises ValueError if samna finds it invalid.

    To simulate, use `simulation()`. Rockpool's `XyloSim.from_config` drops an alias to neuron 0 and, except on
    Xylo Audio 2, everything that the second synapse receives.
    """
    from @PACKAGE@ import config_from_specification

    spec = specification()
    # Rockpool's function calls the hidden bias `bias_hidden` and ignores `bias`.
    bias, bias_out = spec.pop("bias"), spec.pop("bias_out")
    if bias.any() or bias_out.any():
        spec.update(bias_hidden=bias, bias_out=bias_out)
@EXPANSION@    with warnings.catch_warnings():
        # Rockpool only warns when it rounds numbers or drops neurons; both must be errors here.
        warnings.simplefilter("error")
        config, is_valid, message = config_from_specification(**spec)
    if not is_valid:
        raise ValueError(message)
    return config


@JSON@def simulation(**kwargs):
    """Returns Rockpool's simulator of the chip. Optional arguments: `dt`, `output_mode`."""
    from @PACKAGE@ import XyloSim

    return XyloSim.from_specification(**specification(), **kwargs)


if __name__ == "__main__":
    for name, value in specification().items():
        print(name, np.shape(value))
