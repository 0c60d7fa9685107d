// SPDX-License-Identifier: Apache-2.0

//go:build unix

package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Lock is held by the one process that may change a state folder: by a supervisor for all of its life, by `down` while it cleans up. The
// kernel frees it when its holder dies, however it dies.
type Lock struct {
	file *os.File
}

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("another process holds the sandbox's lock")

// TryLock takes the lock, or fails with ErrLocked at once. The folder must exist.
func (f Folder) TryLock() (*Lock, error) {
	for {
		file, err := os.OpenFile(f.join(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, fmt.Errorf("sandbox: open the lock: %w", err)
		}
		if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			_ = file.Close()
			return nil, err
		}
		lock := &Lock{file: file}
		// The file may have been removed between opening and locking it: then this is the lock of nothing.
		if f.holds(lock) {
			return lock, nil
		}
		lock.Release()
	}
}

// AwaitLock takes the lock as soon as it is free.
func (f Folder) AwaitLock(ctx context.Context) (*Lock, error) {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		lock, err := f.TryLock()
		if !errors.Is(err, ErrLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", err, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Locked tells whether a process holds the lock. It leaves no trace: a folder that does not exist is not made.
func (f Folder) Locked() (bool, error) {
	file, err := os.OpenFile(f.join(lockFile), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sandbox: open the lock: %w", err)
	}
	defer file.Close()
	// A shared lock: two that only look do not take each other for the holder, but one that takes the lock at this very moment has to try again.
	err = flock(file, syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, ErrLocked) {
		return true, nil
	}
	return false, err
}

// Intact tells whether the lock still guards the folder: not if somebody has removed the lock's file or the whole folder.
func (f Folder) Intact(lock *Lock) bool { return f.holds(lock) }

func (f Folder) holds(lock *Lock) bool {
	held, err := lock.file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(f.join(lockFile))
	return err == nil && os.SameFile(held, current)
}

// Release frees the lock.
func (l *Lock) Release() { _ = l.file.Close() }

func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return ErrLocked
		default:
			return fmt.Errorf("sandbox: lock %s: %w", file.Name(), err)
		}
	}
}
