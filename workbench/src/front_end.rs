//! The audio front end outside of a recipe: its time step, and its fit to a network.

use synnet_audio::audio3::FrontEndOptions;
use synnet_ir::display::format_time_rounded;

use crate::observer::Observer;
use crate::recipe::FrontEnd;

/// Maximum relative difference between the time steps of front end and network that needs no warning: the front end
/// reaches 10 ms up to 0.06 %.
const DT_TOLERANCE: f64 = 0.01;

impl FrontEnd {
    /// Returns the duration of a time step, in seconds.
    pub fn dt(&self) -> f64 {
        self.options().dt()
    }

    /// Warns if the time step differs from that of a network by more than 1 %. `dt` is in seconds.
    pub fn warn_about_time_step(&self, network: &str, dt: f64, observer: &dyn Observer) {
        if (self.dt() / dt - 1.0).abs() <= DT_TOLERANCE {
            return;
        }
        let help = match FrontEndOptions::decimation_for(dt) {
            Ok(decimation) if decimation != self.options().decimation => {
                format!("set `front_end.decimation` to {decimation}")
            }
            _ => format!("no `front_end.decimation` comes closer, so change `dt` of `{network}`"),
        };
        observer.warning(&format!(
            "the front end has a time step of {}, but network `{network}` has a `dt` of {}; {help}",
            format_time_rounded(self.dt()),
            format_time_rounded(dt)
        ));
    }

    pub(crate) fn options(&self) -> &FrontEndOptions {
        let Self::XyloAudio3(options) = self;
        options
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use synnet_audio::audio3;

    use super::*;

    fn pairs(options: &[(&str, &str)]) -> Vec<(String, String)> {
        options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn options_are_those_of_a_recipe() {
        let changed = pairs(&[("decimation", "488"), ("normalization", "channel"), ("kind", "xylo_audio3")]);
        let front_end = FrontEnd::default().with_options(&changed).unwrap();
        assert_eq!(front_end.options().decimation, 488);
        assert_eq!(front_end.options().normalization, audio3::Normalization::Channel);
        // Other options are kept.
        let changed = front_end.with_options(&pairs(&[("cap", "3")])).unwrap();
        assert_eq!((changed.options().decimation, changed.options().cap), (488, 3));
    }

    #[test]
    fn other_time_steps_are_warned_about_with_the_nearest_decimation() {
        struct Warnings(Mutex<Vec<String>>);
        impl Observer for Warnings {
            fn warning(&self, message: &str) {
                self.0.lock().unwrap().push(message.to_owned());
            }
        }
        let warnings = Warnings(Mutex::default());
        let fitting = FrontEnd::default().with_options(&pairs(&[("decimation", "488")])).unwrap();
        fitting.warn_about_time_step("Kws", 10e-3, &warnings);
        assert!(warnings.0.lock().unwrap().is_empty());
        FrontEnd::default().warn_about_time_step("Kws", 10e-3, &warnings);
        let fastest = FrontEnd::default().with_options(&pairs(&[("decimation", "1")])).unwrap();
        fastest.warn_about_time_step("Kws", 1e-5, &warnings);
        let found = warnings.0.into_inner().unwrap();
        assert_eq!(
            found[0],
            "the front end has a time step of 1.024 ms, but network `Kws` has a `dt` of 10 ms; \
             set `front_end.decimation` to 488"
        );
        assert!(
            found[1].ends_with("no `front_end.decimation` comes closer, so change `dt` of `Kws`"),
            "{found:?}"
        );
    }
}
