#!/bin/sh
# Trains the network, chooses the thresholds of the detector, and copies both here.
set -eu
cd "$(dirname "$0")"
out=../../runs/streaming
snnc train digits.yaml --out "$out" --overwrite
snnc detect digits.yaml --weights "$out/weights.safetensors" --out "$out/detection" --html "$out/detection.html"
cp "$out/weights.safetensors" digits.safetensors
cp "$out/detection/detector.json" detector.json
