//! Parts and checkpoints: files that hold trials, written whole or not at all.

#![expect(clippy::disallowed_methods, reason = "reads and writes files of its own")]

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use linchpin::VERSION;
use linchpin::saved::{Asked, Saved};

use super::{Exit, Failure, amount, shown, terminal};

/// Writes such a file: beside its place first, on the disk for sure, then into its place.
pub(super) fn write(path: &Path, saved: &Saved) -> Result<(), Failure> {
    let beside = with_suffix(path, ".new");
    let written = || {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::create(&beside)?;
        file.write_all(&saved.head())?;
        file.write_all(&saved.state)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // That the name is on the disk too, where folders can be asked for it.
        if let Ok(folder) = File::open(path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."))) {
            let _ = folder.sync_all();
        }
        Ok(())
    };
    written().map_err(|error: io::Error| {
        let _ = fs::remove_file(&beside);
        Failure::io("write", path, &error)
    })
}

/// Reads such a file.
pub(super) fn read(path: &Path) -> Result<Saved, Failure> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(Exit::Io, format!("cannot read `{}`: there is no such file", shown(path)))
        }
        io::ErrorKind::IsADirectory => Failure::new(Exit::Io, format!("cannot read `{}`: it is a folder", shown(path))),
        _ => Failure::io("read", path, &error),
    })?;
    Saved::decode(&bytes).map_err(|damage| Failure::new(Exit::Io, format!("cannot use `{}`: {damage}", shown(path))))
}

/// The same, if there is one.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Saved>, Failure> {
    if path.exists() { read(path).map(Some) } else { Ok(None) }
}

/// Removes a checkpoint that has served.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

/// The path with something behind its last name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// In what another run differs, as far as it matters for joining; none if in nothing.
pub(super) fn difference(ours: &Asked, other: &Asked) -> Option<String> {
    let files = |asked: &Asked| asked.files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>().join(", ");
    let differ = |what: &str, ours: &dyn std::fmt::Display, other: &dyn std::fmt::Display| {
        Some(format!("{what} is {other}, not {ours}"))
    };
    if ours.version != other.version {
        return differ("its version of linchpin", &ours.version, &other.version);
    }
    if ours.text != other.text {
        return Some(format!("the text of `{}` was another", terminal::plain(&other.scenario_file)));
    }
    if ours.files != other.files {
        return if files(ours) == files(other) {
            Some("a file that the scenario reads was another".to_owned())
        } else {
            differ("the list of files that it reads", &files(ours), &files(other))
        };
    }
    if ours.seed != other.seed {
        return differ("its seed", &ours.seed, &other.seed);
    }
    if ours.trials != other.trials {
        return differ("its number of trials", &amount::count(ours.trials), &amount::count(other.trials));
    }
    if ours.memory != other.memory {
        return Some("it was run with another --memory".to_owned());
    }
    if ours.sampling != other.sampling {
        return differ("its --sampling", &ours.sampling, &other.sampling);
    }
    if ours.pilot != other.pilot {
        let pilot = |asked: &Asked| amount::count(asked.pilot.unwrap_or(0));
        return differ("its --pilot", &pilot(ours), &pilot(other));
    }
    if ours.weighted != other.weighted {
        let how = if other.weighted { "by importance" } else { "plainly" };
        return Some(format!("its trials were drawn {how}"));
    }
    if ours.keep_components != other.keep_components {
        let with = |asked: &Asked| if asked.keep_components { "with" } else { "without" };
        return Some(format!("it was run {} --trials-csv", with(other)));
    }
    (ours != other).then(|| "it was asked otherwise".to_owned())
}

/// Refuses what another version wrote.
pub(super) fn of_this_version(path: &Path, asked: &Asked) -> Result<(), Failure> {
    if asked.version == VERSION {
        return Ok(());
    }
    let message = format!(
        "cannot use `{}`: linchpin {} wrote it, and this is {VERSION}, whose figures may differ",
        shown(path),
        terminal::plain(&asked.version)
    );
    Err(Failure::new(Exit::Usage, message))
}
