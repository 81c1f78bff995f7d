//! Event layouts shared by the eBPF programs and the recorder.
#![no_std]
