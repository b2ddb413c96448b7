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


def specification():
    """The arrays of the specification, under the names of Rockpool's functions."""
    with np.load(SPECIFICATION) as file:
        spec = {name: file[name] for name in file.files}
    for name in ("weight_shift_in", "weight_shift_rec", "weight_shift_out"):
        spec[name] = int(spec[name])
    if "alias_target" in spec:
        # One list of targets per hidden neuron; -1 stands for none.
        spec["aliases"] = [[int(t)] if t >= 0 else [] for t in spec.pop("alias_target")]
    return spec


def configuration():
    """The configuration object of samna. Raises ValueError where samna finds it invalid.

    To simulate, use `simulation()`. Rockpool's `XyloSim.from_config` drops an alias to neuron 0 and, except on
    Xylo Audio 2, whatever the second synapse receives.
    """
    from @PACKAGE@ import config_from_specification

    spec = specification()
    # Rockpool's function calls the hidden bias `bias_hidden` and ignores `bias`.
    bias, bias_out = spec.pop("bias"), spec.pop("bias_out")
    if bias.any() or bias_out.any():
        spec.update(bias_hidden=bias, bias_out=bias_out)
@EXPANSION@    with warnings.catch_warnings():
        # Rockpool warns where it rounds numbers or cuts neurons off; neither may pass.
        warnings.simplefilter("error")
        config, is_valid, message = config_from_specification(**spec)
    if not is_valid:
        raise ValueError(message)
    return config


@JSON@def simulation(**kwargs):
    """Rockpool's simulator of the chip; `dt` and `output_mode` may be given."""
    from @PACKAGE@ import XyloSim

    return XyloSim.from_specification(**specification(), **kwargs)


if __name__ == "__main__":
    for name, value in specification().items():
        print(name, np.shape(value))
