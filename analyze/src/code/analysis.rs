//! One function, analysed: its blocks, the values at every point of it, its results and where they are decided.

use super::{
    flow::Flow,
    image::Image,
    outcomes::Outcomes,
    program::{Program, convention},
    step::Convention,
};

/// All that the steps from code to decisions give.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) program: Program,
    pub(super) convention: Convention,
    pub(super) flow: Flow,
    pub(super) outcomes: Outcomes,
}

impl Analysis {
    /// Analyses the function at `address`; `None` when its code was not recorded.
    pub(super) fn new(image: &Image, address: u64) -> Option<Self> {
        let mut program = Program::new(image, address)?;
        let convention = convention(image.architecture);
        let mut flow = Flow::new(&program, &convention);
        let dead = flow.dead_ends(&program, &convention);
        if !dead.is_empty() {
            program.cut(&dead);
            flow = Flow::new(&program, &convention);
        }
        let outcomes = Outcomes::new(&program, &flow, &convention);
        Some(Self {
            program,
            convention,
            flow,
            outcomes,
        })
    }
}
