//! Enums of names that the language knows.

/// Declares an enum of names. The doc comment of a variant is also its [`doc`](crate::vocabulary::Keyword::doc), so
/// that editors show what the documentation of the crate says.
macro_rules! names {
    ($(#[$meta:meta])* $type:ident { $(#[doc = $doc:literal] $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $(#[doc = $doc] $variant,)*
        }

        impl $type {
            /// All names, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the name in the language.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the meaning, as one sentence of Markdown.
            pub const fn doc(self) -> &'static str {
                match self {
                    $(Self::$variant => $doc.trim_ascii(),)*
                }
            }

            /// Returns the variant with this name, if there is one.
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }

            /// Returns all names, in the order of [`ALL`](Self::ALL).
            pub fn names() -> impl Iterator<Item = &'static str> + Clone {
                Self::ALL.iter().map(|known| known.name())
            }
        }
    };
}

pub(crate) use names;
