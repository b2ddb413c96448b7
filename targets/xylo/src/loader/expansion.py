    # On this chip, every hidden neuron has input and readout weights, and Rockpool's function requires all of them.
    hidden = len(spec["weights_rec"])
    weights_in, weights_out = spec["weights_in"], spec["weights_out"]
    spec["weights_in"] = np.pad(weights_in, ((0, 0), (0, hidden - weights_in.shape[1]), (0, 0)))
    spec["weights_out"] = np.pad(weights_out, ((hidden - len(weights_out), 0), (0, 0)))
