// SPDX-License-Identifier: Apache-2.0

// Package state owns the folder in which one sandbox lives: where things are in it, who may use it, and what is known about the sandbox.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// EnvironmentVariable names the state folder when no flag does.
const EnvironmentVariable = "HARMONYSCRIPT_SANDBOX_DIR"

// Everything that a sandbox makes in its folder. What is not listed here is never removed.
const (
	lockFile       = "sandbox.lock"
	stateFile      = "state.json"
	supervisorLog  = "supervisor.log"
	kubeconfigFile = "kubeconfig"
	secretsFolder  = "pki"
	configFolder   = "config"
	dataFolder     = "etcd"
	logFolder      = "logs"
	scratchFolder  = "tmp"

	// newSuffix is that of a file that is about to replace another.
	newSuffix = ".new"
)

// Folder is the absolute path of a sandbox's state folder.
type Folder string

// Locate returns the state folder: the explicit one if it is not empty, or that of the environment variable, or the one in the user's cache folder.
func Locate(explicit string) (Folder, error) {
	path := explicit
	if path == "" {
		path = os.Getenv(EnvironmentVariable)
	}
	if path == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("sandbox: find the user's cache folder (or say --state): %w", err)
		}
		path = filepath.Join(cache, "harmonyscript", "sandbox")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("sandbox: make the state folder's path absolute: %w", err)
	}
	return Folder(absolute), nil
}

// Kubeconfig is the path of the administrator's kubeconfig.
func (f Folder) Kubeconfig() string { return f.join(kubeconfigFile) }

// SupervisorLog is the path of the supervisor's own log.
func (f Folder) SupervisorLog() string { return f.join(supervisorLog) }

// Log is the path of a component's log.
func (f Folder) Log(component string) string { return f.join(logFolder, component+".log") }

// Secret is the path of a file with a key or a certificate.
func (f Folder) Secret(name string) string { return f.join(secretsFolder, name) }

// Config is the path of a component's configuration file.
func (f Folder) Config(name string) string { return f.join(configFolder, name) }

// Data is the path of the folder of etcd's data.
func (f Folder) Data() string { return f.join(dataFolder) }

// Scratch is the path of a folder that components get as their home and for temporary files, so that they neither read nor write the user's.
func (f Folder) Scratch() string { return f.join(scratchFolder) }

func (f Folder) join(elements ...string) string {
	return filepath.Join(append([]string{string(f)}, elements...)...)
}

// ErrForeign is wrapped by the error about a folder that is not a sandbox's.
var ErrForeign = errors.New("it is not a sandbox's state folder")

// Prepare makes the folder, for the user alone, and marks it as a sandbox's. A folder that has other things in it, or that belongs to somebody else, is refused: a
// sandbox removes its data, and whoever owns the folder could read the administrator's key.
func (f Folder) Prepare() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("sandbox: make the state folder: %w", err)
	}
	if err := f.checkOwner(); err != nil {
		return err
	}
	entries, err := os.ReadDir(string(f))
	if err != nil {
		return fmt.Errorf("sandbox: read the state folder: %w", err)
	}
	if len(entries) > 0 && !f.Marked() {
		return fmt.Errorf("sandbox: state folder %s: got a folder with other things in it, want an empty or a new one: %w", f, ErrForeign)
	}
	if err := os.Chmod(string(f), 0o700); err != nil {
		return fmt.Errorf("sandbox: protect the state folder: %w", err)
	}
	mark, err := os.OpenFile(f.join(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox: mark the state folder: %w", err)
	}
	return mark.Close()
}

// Marked tells whether the folder is a sandbox's: the lock's file is in it.
func (f Folder) Marked() bool {
	_, err := os.Lstat(f.join(lockFile))
	return err == nil
}

func (f Folder) checkOwner() error {
	info, err := os.Stat(string(f))
	if err != nil {
		return fmt.Errorf("sandbox: state folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("sandbox: state folder %s: got a file, want a folder: %w", f, ErrForeign)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("sandbox: state folder %s: it belongs to user %d, want user %d: %w", f, owner.Uid, os.Geteuid(), ErrForeign)
	}
	return nil
}

// MakeFolders makes the folders inside the state folder.
func (f Folder) MakeFolders() error {
	for _, name := range []string{secretsFolder, configFolder, dataFolder, logFolder, scratchFolder} {
		if err := os.MkdirAll(f.join(name), 0o700); err != nil {
			return fmt.Errorf("sandbox: make folder: %w", err)
		}
	}
	return nil
}

// RemoveData removes credentials and data, and keeps the logs and what is known about the sandbox.
func (f Folder) RemoveData() error {
	return f.remove(kubeconfigFile, kubeconfigFile+newSuffix, secretsFolder, configFolder, dataFolder, scratchFolder)
}

// RemoveLogs removes the components' logs and empties the supervisor's, which may be open.
func (f Folder) RemoveLogs() error {
	if err := os.Truncate(f.SupervisorLog(), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sandbox: empty the supervisor's log: %w", err)
	}
	return f.remove(logFolder)
}

// Remove removes all that sandboxes make, and the folder itself if nothing else is in it. The caller holds the lock; its file goes last.
func (f Folder) Remove() error {
	if err := errors.Join(f.RemoveData(), f.remove(logFolder, supervisorLog, stateFile, stateFile+newSuffix)); err != nil {
		return err
	}
	if err := f.remove(lockFile); err != nil {
		return err
	}
	if err := os.Remove(string(f)); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
		return fmt.Errorf("sandbox: remove the state folder: %w", err)
	}
	return nil
}

func (f Folder) remove(names ...string) error {
	for _, name := range names {
		if err := os.RemoveAll(f.join(name)); err != nil {
			return fmt.Errorf("sandbox: remove %s: %w", name, err)
		}
	}
	return nil
}
