//! Programs in the form that is run, one of two: [`question`] if they only ask, as nearly all do, else [`step`].

mod question;
mod step;

use self::question::Questions;
use self::step::Steps;
use crate::instruction::ancillary;
use crate::{Input, Instruction};

#[derive(Clone)]
pub(crate) struct Program {
    form: Form,
    ancillary: bool,
}

#[derive(Clone)]
enum Form {
    Questions(Questions),
    Steps(Steps),
}

impl Program {
    /// For instructions that [`check`](crate::verify::check) has nothing against.
    pub(crate) fn new(instructions: &[Instruction]) -> Self {
        let is_ancillary = |instruction: &Instruction| {
            instruction.is_absolute_load()
                && ancillary::is_known(instruction.k)
                && instruction.k != ancillary::ALU_XOR_X
        };
        let form = match Questions::new(instructions) {
            Some(questions) => Form::Questions(questions),
            None => Form::Steps(Steps::new(instructions)),
        };
        Self { form, ancillary: instructions.iter().any(is_ancillary) }
    }

    pub(crate) fn uses_ancillary(&self) -> bool {
        self.ancillary
    }

    #[inline]
    pub(crate) fn run(&self, input: Input<'_>) -> u32 {
        match &self.form {
            Form::Questions(questions) => questions.run(input.data),
            Form::Steps(steps) => steps.run(input),
        }
    }

    /// The ancillary offset that it got to without being told what is there, if it did.
    pub(crate) fn try_run(&self, input: Input<'_>) -> Result<u32, u32> {
        match &self.form {
            Form::Questions(questions) => Ok(questions.run(input.data)),
            Form::Steps(steps) => steps.try_run(input),
        }
    }
}
