"""Time of a training epoch in Rockpool (torch, CPU), for comparison with `snnc train` and `cargo bench -p synnet-runtime`.

The work is that of examples/digits/fsdd.yaml: a 16-60-60-60-10 SynNet with membrane readout, 1,800 recordings of 70
steps, cross entropy on the mean membrane, Adam. Random rasters stand for recordings: the time does not depend on them.

    pip install torch rockpool
    python rockpool_epoch.py [--batch 32] [--threads 2] [--batches 10]

Rockpool imports `samna` for some modules; where that cannot be installed, put an empty module of that name on the path.
"""

import argparse
import statistics
import time

import torch
from rockpool.nn.networks import SynNet

RECORDINGS, STEPS, CHANNELS, CLASSES = 1800, 70, 16, 10

parser = argparse.ArgumentParser()
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batches", type=int, default=10, help="batches to time; an epoch is extrapolated")
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)

net = SynNet(
    n_channels=CHANNELS,
    n_classes=CLASSES,
    size_hidden_layers=[60, 60, 60],
    time_constants_per_layer=[2, 2, 2],
    tau_syn_base=20e-3,
    tau_mem=20e-3,
    tau_syn_out=20e-3,
    p_dropout=0.1,
    output="vmem",
    dt=10e-3,
)
optimizer = torch.optim.Adam(net.parameters().astorch(), lr=4e-3)
rasters = torch.poisson(torch.full((args.batch, STEPS, CHANNELS), 1.0))
labels = torch.randint(0, CLASSES, (args.batch,))

times = []
for _ in range(args.batches + 1):
    start = time.perf_counter()
    net.reset_state()
    optimizer.zero_grad()
    output, _, _ = net(rasters)
    torch.nn.functional.cross_entropy(output.mean(1), labels).backward()
    optimizer.step()
    times.append(time.perf_counter() - start)

batch = statistics.median(times[1:])  # the first one warms up
epoch = batch * RECORDINGS / args.batch
print(f"torch {torch.__version__}, {args.threads} threads, batch {args.batch}: "
      f"{1e3 * batch:.0f} ms per batch, {epoch:.2f} s per epoch of {RECORDINGS} recordings")
