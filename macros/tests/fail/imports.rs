// Mistakes in a file are shown with its lines, at the token that names the file. A file of another kind is named.
synnet_macros::synnet!("tests/nets/broken.snn");

synnet_macros::synnet!("tests/nets/recipe.yaml");

synnet_macros::synnet! {
    use "tests/nets/broken.snn"::Broken;
    use "tests/nets/nowhere.snn"::Nowhere;

    network Outer {
        dt: 1 ms;
        input events: 2;
        net body: Broken();
        net other: Nowhere();
        events -> body;
        output body;
    }
}

