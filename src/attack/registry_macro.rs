//! The macro that makes the registry from the list of attacks.

/// Derives [`Attack`](super::Attack) and [`attacks`](super::attacks) from the list of settings.
macro_rules! registry {
    ($($(#[$doc:meta])* $Settings:ident,)*) => {
        /// An attack and its settings. As JSON it is one flat object, whose field `attack` is the id.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Attack {
            $($(#[$doc])* $Settings($Settings),)*
        }

        /// The facts of every attack, in the order in which the page offers them.
        pub fn attacks() -> impl Iterator<Item = &'static Facts> {
            [$(<$Settings as Settings>::FACTS,)*].into_iter().flatten()
        }

        impl Attack {
            /// The settings of the authors' code, for the attacks whose defaults are faster.
            pub fn thorough(id: &str) -> Option<Self> {
                $(if has::<$Settings>(id) {
                    return <$Settings as Settings>::THOROUGH.map(Self::$Settings);
                })*
                None
            }

            fn method(self) -> Box<dyn Method> {
                match self {
                    $(Self::$Settings(settings) => Box::new(settings),)*
                }
            }

            /// Reads the settings of the attack `id`; `None` if there is no such attack.
            fn from_value(id: &str, value: &Value) -> Option<Result<Self, serde_json::Error>> {
                $(if has::<$Settings>(id) {
                    return Some($Settings::deserialize(value).map(Self::$Settings));
                })*
                None
            }
        }
    };
}

pub(super) use registry;
