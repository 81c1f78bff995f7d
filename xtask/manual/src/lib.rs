//! Man pages and shell completions, made of a program's command line.

use std::{fs, io, path::Path};

use clap::Command;
use clap_complete::{Shell, generate_to};

/// Writes into `folder` the man pages of `command` and of its subcommands, and its completions for bash, zsh and fish,
/// laid out as below `/usr/share`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(mut command: Command, folder: &Path) -> io::Result<()> {
    let name = command.get_name().to_owned();
    let pages = folder.join("man/man1");
    fs::create_dir_all(&pages)?;
    // First: what completions are made of has `help` subcommands of its own, of which pages would say nothing.
    clap_mangen::generate_to(command.clone().disable_help_subcommand(true), pages)?;
    for (shell, place) in [
        (Shell::Bash, "bash-completion/completions"),
        (Shell::Zsh, "zsh/vendor-completions"),
        (Shell::Fish, "fish/vendor_completions.d"),
    ] {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        let file = generate_to(shell, &mut command, &name, &place)?;
        if shell == Shell::Bash {
            // bash-completion looks for the program's bare name.
            fs::rename(file, place.join(&name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_pages_of_subcommands_too_but_not_of_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::new("tool")
            .subcommand(Command::new("check"))
            .subcommand(Command::new("guard").hide(true));
        write(command, folder.path()).unwrap();
        let is_there = |name: &str| folder.path().join(name).is_file();
        for name in [
            "man/man1/tool.1",
            "man/man1/tool-check.1",
            "bash-completion/completions/tool",
            "zsh/vendor-completions/_tool",
            "fish/vendor_completions.d/tool.fish",
        ] {
            assert!(is_there(name), "{name}");
        }
        assert!(!is_there("man/man1/tool-guard.1"));
        assert!(!is_there("man/man1/tool-help.1"));
    }
}
