//! A folder of results, written whole or not at all: files are made in a draft on the same disk and then moved into
//! their places; where that fails, what was there before is put back. Files of others are left alone. Knows no results.

#![expect(clippy::disallowed_methods, reason = "the one room that writes files")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::{Exit, Failure, interrupt, terminal};

/// The file that makes a folder one of ours; moved last, so that a folder with it is complete.
pub(super) const MANIFEST: &str = "run.json";
/// How the folders of drafts are called.
const DRAFT: &str = ".linchpin-";
/// Copies of what the run read.
pub(super) const INPUTS: &str = "inputs";

/// Files under way to a folder.
pub(super) struct Draft {
    target: PathBuf,
    /// Removed with all that is in it when dropped.
    temporary: tempfile::TempDir,
    /// Relative paths of the files written.
    files: Vec<PathBuf>,
    /// Folders above the target that had to be made, the outermost first.
    made: Vec<PathBuf>,
}

impl Draft {
    /// Begins a draft for `target`, which may exist or not.
    pub(super) fn begin(target: &Path) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::io("write to", target, &error);
        if fs::metadata(target).is_ok_and(|about| !about.is_dir()) {
            return Err(Failure::new(
                Exit::Io,
                format!("cannot write to `{}`: it is not a folder", super::shown(target)),
            ));
        }
        let mut made = Vec::new();
        // Inside the target if there is one: it may be a disk of its own.
        let beside = if target.is_dir() { target.to_owned() } else { parent(target) };
        make_folders(&beside, &mut made).map_err(failed)?;
        let draft = || {
            let temporary = tempfile::Builder::new().prefix(DRAFT).tempdir_in(&beside)?;
            interrupt::set_draft(Some(temporary.path()));
            fs::create_dir(temporary.path().join("new"))?;
            Ok(temporary)
        };
        match draft() {
            Ok(temporary) => Ok(Self { target: target.to_owned(), temporary, files: Vec::new(), made }),
            Err(error) => {
                remove_folders(&made);
                Err(failed(error))
            }
        }
    }

    /// Writes one file of the draft.
    pub(super) fn write(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        interrupt::check()?;
        // `./x` and `x` are one file.
        let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        let draft = self.new_files().join(&path);
        let written = || {
            fs::create_dir_all(parent(&draft))?;
            let mut out = BufWriter::new(File::create(&draft)?);
            write(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?;
            Ok(())
        };
        written().map_err(|error: io::Error| self.failure(&path, &error))?;
        if !self.files.contains(&path) {
            self.files.push(path);
        }
        Ok(())
    }

    /// Puts all files into their places; `stale`: files of an earlier run that go if this one did not write them.
    pub(super) fn commit(mut self, stale: &[PathBuf]) -> Result<(), Failure> {
        interrupt::check()?;
        let undisturbed = interrupt::undisturbed();
        if self.target.is_dir() {
            self.replace(stale)?;
            self.clear_away();
        } else {
            fs::rename(self.new_files(), &self.target).map_err(|error| self.failure(Path::new(""), &error))?;
        }
        self.made.clear();
        drop(undisturbed);
        Ok(())
    }

    /// Removes drafts in the folder that runs left there which were killed while they wrote.
    fn clear_away(&self) {
        for entry in fs::read_dir(&self.target).into_iter().flatten().flatten() {
            let ours = entry.file_name().to_string_lossy().starts_with(DRAFT);
            if ours && entry.path() != self.temporary.path() && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                // What cannot be removed does no harm.
                drop(fs::remove_dir_all(entry.path()));
            }
        }
    }

    fn replace(&self, stale: &[PathBuf]) -> Result<(), Failure> {
        let mut moves = Moves::default();
        let done = self.replace_each(stale, &mut moves);
        match done {
            Ok(()) => {
                // Folders that held nothing but what went.
                for path in stale.iter().filter(|path| !self.files.contains(path)) {
                    let above = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
                    above.for_each(|folder| drop(fs::remove_dir(self.target.join(folder))));
                }
                Ok(())
            }
            Err((path, error)) => {
                moves.undo();
                Err(self.failure(&path, &error))
            }
        }
    }

    fn replace_each(&self, stale: &[PathBuf], moves: &mut Moves) -> Result<(), (PathBuf, io::Error)> {
        let old = self.temporary.path().join("old");
        let (manifest, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
            self.files.iter().partition(|path| *path == Path::new(MANIFEST));
        // The manifest goes first and comes last.
        let going = manifest.iter().copied().chain(others.iter().copied());
        for path in going.chain(stale.iter().filter(|path| !self.files.contains(path))) {
            let place = self.target.join(path);
            let freed = match fs::symlink_metadata(&place) {
                Err(_) => Ok(()),
                Ok(about) if about.is_dir() => Err(io::Error::other("there is a folder in its place")),
                Ok(_) => moves.make(&place, &old.join(path)),
            };
            freed.map_err(|error| (path.clone(), error))?;
        }
        for path in others.into_iter().chain(manifest) {
            moves.make(&self.new_files().join(path), &self.target.join(path)).map_err(|error| (path.clone(), error))?;
        }
        Ok(())
    }

    fn new_files(&self) -> PathBuf {
        self.temporary.path().join("new")
    }

    fn failure(&self, path: &Path, error: &io::Error) -> Failure {
        let place = self.target.join(path);
        let message =
            format!("cannot write `{}`: {}; nothing was changed", super::shown(&place), terminal::reason(error));
        Failure::new(Exit::Io, message)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.temporary.path());
        interrupt::set_draft(None);
        remove_folders(&self.made);
    }
}

/// Moves made so far, and folders made for them.
#[derive(Default)]
struct Moves {
    done: Vec<(PathBuf, PathBuf)>,
    made: Vec<PathBuf>,
}

impl Moves {
    fn make(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        make_folders(&parent(to), &mut self.made)?;
        fs::rename(from, to)?;
        self.done.push((from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn undo(self) {
        for (from, to) in self.done.iter().rev() {
            let _ = fs::rename(to, from);
        }
        remove_folders(&self.made);
    }
}

/// The files that an earlier run left in a folder by what its manifest says, and `known` names; none in a folder
/// that no run has written.
pub(super) fn left_by_earlier_run(target: &Path, known: &[&str]) -> Vec<PathBuf> {
    let Ok(manifest) = fs::read(target.join(MANIFEST)) else {
        return Vec::new();
    };
    let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&manifest) else {
        return Vec::new();
    };
    let Some(scenario) = manifest["scenario_file"].as_str() else {
        return Vec::new();
    };
    let files = manifest["files"].as_array().into_iter().flatten().filter_map(|file| file["path"].as_str());
    let inputs = files.chain([scenario]).map(|path| Path::new(INPUTS).join(path)).filter(|path| is_below(path));
    inputs.chain(known.iter().map(PathBuf::from)).filter(|path| target.join(path).is_file()).collect()
}

/// Whether a relative path stays below where it begins.
fn is_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Makes a folder and those above it, and notes which were missing, the outermost first.
fn make_folders(folder: &Path, made: &mut Vec<PathBuf>) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|f| !f.as_os_str().is_empty() && !f.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)?;
        made.push(folder.to_owned());
    }
    Ok(())
}

/// Removes folders again, as far as they are empty.
fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}
