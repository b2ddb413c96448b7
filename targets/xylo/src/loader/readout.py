    # Rockpool's function asks for a row of every hidden neuron here.
    unconnected = len(spec["weights_rec"]) - len(spec["weights_out"])
    spec["weights_out"] = np.pad(spec["weights_out"], ((unconnected, 0), (0, 0)))
