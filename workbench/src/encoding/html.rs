//! The page of encoded recordings.

use maud::{Markup, html};
use synnet_ir::display::{format_significant, format_thousands, format_time_rounded};

use super::{Encoding, EncodingStatistics};
use crate::html::{
    Bars, EventPanel, LineStyle, Panel, Trace, Traces, beside, document, raster, section, side_by_side, tiles,
};

/// Returns the page. `shown` are the recordings to draw, with their names.
pub(super) fn page(name: &str, statistics: &EncodingStatistics, shown: &[(String, &Encoding)]) -> String {
    let mut figures: Vec<Markup> = shown.iter().map(|(name, encoding)| figure(name, encoding)).collect();
    figures.push(rates(statistics));
    let recordings = if shown.len() < statistics.recordings {
        format!("{} of {} recordings, spread evenly. ", shown.len(), statistics.recordings)
    } else {
        String::new()
    };
    let lead = format!(
        "{recordings}Above, the lowest and highest sample of each time step. Below, the events of each channel; stronger \
         marks are more events per step. The first channels, at the top, are the low frequencies."
    );
    let figures = match &figures[..] {
        [recording, rates] => beside(recording, rates),
        all => side_by_side(all),
    };
    let body = html! {
        h1 { (name) }
        p.lead { "Events of the audio front end, in time steps of " (format_time_rounded(statistics.dt)) "." }
        (tiles(&key_numbers(statistics)))
        (section("Events", &lead, &figures))
    };
    document(&format!("{name}: events"), &body).into_string()
}

fn key_numbers(statistics: &EncodingStatistics) -> Vec<(String, String)> {
    let mut numbers = vec![
        (format_time_rounded(statistics.seconds), "of sound".to_owned()),
        (format_thousands(statistics.steps as f64), "time steps".to_owned()),
        (format_thousands(statistics.total_events() as f64), "events".to_owned()),
        (format_significant(statistics.mean_rate()), "events per channel per second".to_owned()),
    ];
    if statistics.recordings > 1 {
        numbers.insert(0, (format_thousands(statistics.recordings as f64), "recordings".to_owned()));
    }
    if statistics.dropped_events > 0 {
        let dropped = format_thousands(statistics.dropped_events as f64);
        numbers.push((dropped, "events dropped above the cap".to_owned()));
    }
    numbers
}

/// Draws waveform and events of a recording.
fn figure(name: &str, encoding: &Encoding) -> Markup {
    let steps = encoding.raster.steps();
    let line = |end: usize| Trace {
        values: encoding.envelope.iter().map(|range| range[end]).collect(),
        style: LineStyle::Color(0),
    };
    let waveform = Traces { name: "sound".into(), quantity: "amplitude", lines: vec![line(0), line(1)] };
    let events = EventPanel {
        name: "events".into(),
        width: encoding.raster.channels(),
        counts: encoding.raster.to_dense(),
        marks: Vec::new(),
    };
    let note = format!("{}, {} steps", format_time_rounded(encoding.seconds), format_thousands(steps as f64));
    raster(name, &note, steps, encoding.dt, &[Panel::Traces(waveform), Panel::Events(events)])
}

/// Draws the mean rate of each channel.
fn rates(statistics: &EncodingStatistics) -> Markup {
    let groups = statistics.rates().into_iter().enumerate();
    let groups = groups.map(|(channel, rate)| ((channel + 1).to_string(), vec![rate])).collect();
    Bars { title: "Mean rate", unit: "events per second, by channel", names: &["rate"], groups }.html()
}

#[cfg(test)]
mod tests {
    use synnet_audio::Wav;

    use super::*;
    use crate::recipe::FrontEnd;

    #[test]
    fn long_recordings_make_small_pages() {
        let noise = (0..8000 * 60_u64).map(|i| (i * i * 7919 % 2001) as f64 / 1000.0 - 1.0).collect();
        let encoding = Encoding::of(&Wav::new(noise, 8000).unwrap(), &FrontEnd::default()).unwrap();
        let page = encoding.html("<noise>");
        assert!(page.len() < 400_000, "{} bytes", page.len());
        assert!(page.contains("&lt;noise&gt;") && !page.contains("<noise>"));
        assert!(!page.contains("NaN") && !page.contains("inf"));
    }
}
