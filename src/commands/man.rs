//! `kthw man`: print the manual page, with every subcommand's section.

use clap::CommandFactory;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::ui::Ui;

pub fn run(ui: &Ui) -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    let render =
        |command: &clap::Command, page: &mut Vec<u8>| clap_mangen::Man::new(command.clone()).render(page);
    render(&command, &mut page).map_err(Failure::failed)?;
    for subcommand in command.get_subcommands() {
        render(subcommand, &mut page).map_err(Failure::failed)?;
    }
    ui.bytes(&page);
    Ok(())
}
