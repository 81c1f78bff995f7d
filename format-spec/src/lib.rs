//! The .etz bundle format.
#![forbid(unsafe_code)]
