//! Synthetic samples, the same on every call: sound, lists of events, and rasters.

use std::f64::consts::TAU;

use synnet_arrays::{Error, NpzWriter};
use synnet_random::{Purpose, Stream};

use super::ProjectFile;

/// Number of samples of a class.
#[derive(Clone, Copy)]
struct Count {
    train: usize,
    test: usize,
}

const FEW: Count = Count { train: 20, test: 10 };
const MANY: Count = Count { train: 60, test: 20 };

/// Returns the random numbers of a sample.
fn stream(class: usize, take: usize) -> Stream {
    Stream::new(0, Purpose::Example, class as u64, take as u64)
}

/// Generates a file for each sample of each class. Names are like `data/train/left_0.csv`.
fn files(
    classes: &[&str],
    count: Count,
    extension: &str,
    sample: impl Fn(usize, &mut Stream) -> Vec<u8>,
) -> Vec<ProjectFile> {
    let mut files = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        for take in 0..count.train + count.test {
            let test = take.checked_sub(count.train);
            let (split, number) = test.map_or(("train", take), |number| ("test", number));
            let content = sample(class, &mut stream(class, take));
            files.push((format!("data/{split}/{name}_{number}.{extension}"), content));
        }
    }
    files
}

fn uniform(random: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * random.unit()
}

/// Returns recordings of about half a second: tones whose frequency rises, falls or stays, in noise.
pub(super) fn tones() -> Vec<ProjectFile> {
    const RATE: u32 = 16_000;
    files(&["rising", "falling", "steady"], FEW, "wav", |class, random| {
        let (low, high) = (uniform(random, 200.0, 600.0), uniform(random, 1500.0, 4000.0));
        let [start, end] = [[low, high], [high, low], [high, high]][class];
        let count = (f64::from(RATE) * uniform(random, 0.4, 0.6)) as usize;
        let mut phase = 0.0;
        let samples = (0..count).map(|i| {
            let frequency: f64 = start * (end / start).powf(i as f64 / count as f64);
            phase += TAU * frequency / f64::from(RATE);
            (6000.0 * phase.sin() + 3000.0 * random.normal()) as i16
        });
        wav(RATE, &samples.collect::<Vec<i16>>())
    })
}

/// Returns a WAV file of one channel.
fn wav(rate: u32, samples: &[i16]) -> Vec<u8> {
    let length = 2 * samples.len() as u32;
    let mut bytes = Vec::with_capacity(44 + 2 * samples.len());
    bytes.extend(b"RIFF");
    bytes.extend((36 + length).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    bytes.extend([1, 0, 1, 0]);
    bytes.extend(rate.to_le_bytes());
    bytes.extend((2 * rate).to_le_bytes());
    // 2 bytes and 16 bits per sample.
    bytes.extend([2, 0, 16, 0]);
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

/// Returns lists of events of 8 by 8 pixels: a bar that moves left, right, up or down, in noise. Times are in
/// microseconds.
pub(super) fn swipes() -> Vec<ProjectFile> {
    const WIDTH: usize = 8;
    files(&["left", "right", "up", "down"], MANY, "csv", |class, random| {
        let (begin, duration) = (uniform(random, 0.0, 100e3), uniform(random, 150e3, 350e3));
        let mut events = Vec::new();
        for place in 0..WIDTH {
            let along = if matches!(class, 0 | 2) { WIDTH - 1 - place } else { place };
            for across in 0..WIDTH {
                // One pixel in five misses the bar.
                if random.unit() < 0.2 {
                    continue;
                }
                let pixel = if class < 2 { WIDTH * across + along } else { WIDTH * along + across };
                let time = begin + duration * place as f64 / WIDTH as f64 + uniform(random, 0.0, 20e3);
                events.push((pixel, time as u64));
            }
        }
        let noise = (0..20).map(|_| (random.below((WIDTH * WIDTH) as u64) as usize, random.below(500_000)));
        events.extend(noise);
        event_list(events)
    })
}

/// Returns lists of one, two or three presses of a button. Times are in microseconds.
pub(super) fn presses() -> Vec<ProjectFile> {
    files(&["single", "double", "triple"], MANY, "csv", |class, random| {
        let mut time = uniform(random, 20e3, 200e3);
        let mut events = Vec::new();
        for _ in 0..=class {
            events.push((0, time as u64));
            time += uniform(random, 120e3, 240e3);
        }
        event_list(events)
    })
}

/// Returns the text of a list of channels and times, in the order of time.
fn event_list(mut events: Vec<(usize, u64)>) -> Vec<u8> {
    events.sort_by_key(|&(channel, time)| (time, channel));
    let lines = events.iter().map(|(channel, time)| format!("{channel},{time}\n"));
    std::iter::once("channel,time\n".to_owned()).chain(lines).collect::<String>().into_bytes()
}

/// Returns an archive of rasters: activity that rises or falls over the channels, or stays. `held_out` is 1 for the
/// samples of the test set.
pub(super) fn sweeps() -> Result<Vec<u8>, Error> {
    const STEPS: usize = 40;
    const CHANNELS: usize = 16;
    const CLASSES: usize = 3;
    let (mut rasters, mut labels, mut held_out) = (Vec::new(), Vec::new(), Vec::new());
    for class in 0..CLASSES {
        for take in 0..FEW.train + FEW.test {
            let mut random = stream(class, take);
            let (low, high) = (uniform(&mut random, 1.0, 5.0), uniform(&mut random, 10.0, 14.0));
            let [start, end] = [[low, high], [high, low], [high, high]][class];
            for step in 0..STEPS {
                let center = start + (end - start) * step as f64 / STEPS as f64;
                for channel in 0..CHANNELS {
                    let distance = channel as f64 - center;
                    let rate = 0.05 + 0.9 * (-distance * distance / 2.0).exp();
                    rasters.push(u8::from(random.unit() < rate));
                }
            }
            labels.push(class as u8);
            held_out.push(u8::from(take >= FEW.train));
        }
    }
    let samples = labels.len();
    let mut archive = NpzWriter::new();
    archive.add("rasters", &[samples, STEPS, CHANNELS], &rasters)?;
    archive.add("labels", &[samples], &labels)?;
    archive.add("held_out", &[samples], &held_out)?;
    archive.finish()
}
