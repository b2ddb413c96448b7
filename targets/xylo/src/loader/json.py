def configuration_from_json():
    """Returns samna's configuration object, read from the file that snnc wrote in samna's own format."""
    from samna.xyloCore2.configuration import XyloConfiguration

    config = XyloConfiguration()
    config.from_json(Path(__file__).with_name("@CONFIGURATION@").read_text())
    return config


