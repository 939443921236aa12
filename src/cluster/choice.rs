//! A choice: a closed set of values that the cluster file writes as single words.

/// Declares an enum with the word of each value, and everything that follows from the words.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &[$name] = &[$($name::$value),+];
            /// The words of `ALL`, in the same order.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word that stands for this value.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$value => $word),+ }
            }

            /// The value that `word` stands for.
            pub fn from_word(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$value),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": $name::WORDS })
            }
        }
    };
}

pub(crate) use choice;

#[cfg(test)]
mod tests {
    choice!(Tide {
        High = "high-water",
        Low = "low-water"
    });

    #[test]
    fn a_word_and_its_value_are_one() {
        for (value, word) in Tide::ALL.iter().zip(Tide::WORDS) {
            assert_eq!(value.to_string(), *word);
            assert_eq!(Tide::from_word(word), Some(*value));
        }
        assert_eq!(Tide::from_word("High"), None);
    }
}
