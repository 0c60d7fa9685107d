// SPDX-License-Identifier: Apache-2.0

//go:build unix

package state_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

func prepared(t *testing.T) state.Folder {
	t.Helper()
	folder := state.Folder(filepath.Join(t.TempDir(), "a", "b"))
	if err := folder.Prepare(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestLocate(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("HOME", cache)
	t.Setenv("XDG_CACHE_HOME", cache)
	userCache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	working, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ explicit, environment, want string }{
		"flag first":        {"/flag", "/environment", "/flag"},
		"then environment":  {"", "/environment", "/environment"},
		"then the cache":    {"", "", filepath.Join(userCache, "harmonyscript", "sandbox")},
		"made absolute":     {"some/where", "", filepath.Join(working, "some", "where")},
		"without dot parts": {"/a/../b/./c", "", "/b/c"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv(state.EnvironmentVariable, test.environment)
			got, err := state.Locate(test.explicit)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestPrepare(t *testing.T) {
	folder := prepared(t)
	if err := os.Chmod(string(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := folder.Prepare(); err != nil {
		t.Fatalf("again: %v", err)
	}
	info, err := os.Stat(string(folder))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got mode %v, %v, want 0700", info.Mode(), err)
	}

	foreign := t.TempDir()
	precious := filepath.Join(foreign, "logs")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := state.Folder(foreign).Prepare(); !errors.Is(err, state.ErrForeign) {
		t.Errorf("a folder with other things: got %v, want %v", err, state.ErrForeign)
	}
	if err := state.Folder(precious).Prepare(); err == nil {
		t.Error("a file: got no error")
	}
}

func TestRemoveLeavesWhatIsNotOurs(t *testing.T) {
	folder := prepared(t)
	if err := folder.MakeFolders(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder.Secret("key"), folder.Config("c"), folder.Log("l"), folder.Kubeconfig(), folder.SupervisorLog(), filepath.Join(folder.Data(), "d")} {
		if err := state.WriteFile(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, %v, want 0600", path, info.Mode(), err)
		}
	}
	if err := folder.Write(state.State{}); err != nil {
		t.Fatal(err)
	}
	theirs := filepath.Join(string(folder), "theirs")
	if err := os.WriteFile(theirs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := folder.Remove(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(string(folder))
	if err != nil || len(entries) != 1 || entries[0].Name() != "theirs" {
		t.Fatalf("got %v, %v, want theirs alone", entries, err)
	}
	if err := os.Remove(theirs); err != nil {
		t.Fatal(err)
	}
	if err := folder.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(string(folder)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
}

func TestRemoveData(t *testing.T) {
	folder := prepared(t)
	if err := folder.MakeFolders(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder.Kubeconfig(), folder.Secret("key"), folder.Log("etcd")} {
		if err := state.WriteFile(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.RemoveData(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{folder.Kubeconfig(): false, folder.Secret("key"): false, folder.Log("etcd"): true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: is there: %t, want %t", path, err == nil, want)
		}
	}
}

func TestWriteAndRead(t *testing.T) {
	folder := prepared(t)
	if _, found, err := folder.Read(); found || err != nil {
		t.Fatalf("nothing written: got %t, %v", found, err)
	}
	self, err := process.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	want := state.State{
		Phase: state.Running, Kubeconfig: "/k", Server: "https://127.0.0.1:1", Nodes: "simulated", NodeNames: []string{"a", "b"},
		Components: []state.Component{{Name: "etcd", Identity: self, Log: "/l", URL: "http://127.0.0.1:2"}, {Name: "dead", Identity: process.Identity{PID: self.PID, Started: "x"}}},
		Supervisor: self, Folder: folder, StartedAt: time.Now().Round(0).UTC(), EndsAt: time.Now().Add(time.Hour).Round(0).UTC(),
		Failure: &state.Failure{Component: "dead", Result: "exit status 1", LogTail: []string{"why"}},
		Steps:   []state.Step{{AtMilliseconds: 12, Text: "step"}},
	}
	if err := folder.Write(want); err != nil {
		t.Fatal(err)
	}
	got, found, err := folder.Read()
	if err != nil || !found {
		t.Fatal(found, err)
	}
	want.Components[0].Alive = true // this very process, unlike the other one
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestReadOfRubbish(t *testing.T) {
	folder := prepared(t)
	if err := os.WriteFile(filepath.Join(string(folder), "state.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := folder.Read(); err == nil {
		t.Error("got no error")
	}
}

func TestLock(t *testing.T) {
	folder := prepared(t)
	assertLocked := func(want bool) {
		t.Helper()
		if got, err := folder.Locked(); err != nil || got != want {
			t.Errorf("locked: got %t, %v, want %t", got, err, want)
		}
	}
	assertLocked(false)
	lock, err := folder.TryLock()
	if err != nil {
		t.Fatal(err)
	}
	assertLocked(true)
	if _, err := folder.TryLock(); !errors.Is(err, state.ErrLocked) {
		t.Errorf("second: got %v, want %v", err, state.ErrLocked)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := folder.AwaitLock(ctx); !errors.Is(err, state.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("await: got %v, want both causes", err)
	}
	if !folder.Intact(lock) {
		t.Error("the lock is not intact")
	}
	time.AfterFunc(50*time.Millisecond, lock.Release)
	second, err := folder.AwaitLock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Whoever has a lock whose file was removed has nothing: a new one can be taken, and the old holder can tell.
	if err := folder.Remove(); err != nil {
		t.Fatal(err)
	}
	if folder.Intact(second) {
		t.Error("the lock of a removed folder is intact")
	}
	if err := folder.Prepare(); err != nil {
		t.Fatal(err)
	}
	if folder.Intact(second) {
		t.Error("the lock of another folder at the same place is intact")
	}
	assertLocked(false)
	third, err := folder.TryLock()
	if err != nil {
		t.Fatal(err)
	}
	third.Release()
	second.Release()
}

func TestLockedOfNoFolder(t *testing.T) {
	folder := state.Folder(filepath.Join(t.TempDir(), "none"))
	if got, err := folder.Locked(); got || err != nil {
		t.Errorf("got %t, %v", got, err)
	}
	if _, err := os.Stat(string(folder)); err == nil {
		t.Error("looking made the folder")
	}
}

// The stored state counts only while the supervisor that wrote it holds the lock.
func TestCurrent(t *testing.T) {
	self, err := process.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command("/bin/true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		write       bool
		supervisor  process.Identity
		lock        bool
		wantLocked  bool
		wantCurrent bool
	}{
		"nothing":                                  {},
		"a lock and nothing written yet":           {lock: true, wantLocked: true},
		"the supervisor's":                         {write: true, supervisor: self, lock: true, wantLocked: true, wantCurrent: true},
		"left by a killed one, a new one begins":   {write: true, supervisor: process.Identity{PID: ended.Process.Pid, Started: self.Started}, lock: true, wantLocked: true},
		"left by a killed one":                     {write: true, supervisor: process.Identity{PID: ended.Process.Pid, Started: self.Started}},
		"written before the end, the lock is free": {write: true, supervisor: self},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder := prepared(t)
			if test.write {
				if err := folder.Write(state.State{Phase: state.Running, Supervisor: test.supervisor}); err != nil {
					t.Fatal(err)
				}
			}
			if test.lock {
				lock, err := folder.TryLock()
				if err != nil {
					t.Fatal(err)
				}
				defer lock.Release()
			}
			current, locked, valid, err := folder.Current()
			if err != nil || locked != test.wantLocked || valid != test.wantCurrent {
				t.Errorf("got locked %t, valid %t, %v, want %t, %t", locked, valid, err, test.wantLocked, test.wantCurrent)
			}
			if valid && current.Phase != state.Running {
				t.Errorf("got %+v", current)
			}
		})
	}
}
