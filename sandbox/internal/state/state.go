// SPDX-License-Identifier: Apache-2.0

package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/process"
)

// Phase is what a sandbox is doing.
type Phase string

// The phases. Only Running answers requests.
const (
	Starting Phase = "starting"
	Running  Phase = "running"
	Stopping Phase = "stopping"
	Stopped  Phase = "stopped"
	Failed   Phase = "failed"
)

// State is what is known about a sandbox. It is written by its supervisor, and its JSON is also the output of the commands.
type State struct {
	// Phase is what the sandbox is doing.
	Phase Phase `json:"state"`
	// Reason says in words why it is Stopped or Failed.
	Reason string `json:"reason,omitempty"`
	// Kubeconfig is the path of the administrator's kubeconfig. Empty unless Running.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// Server is the API server's address, as https://127.0.0.1:PORT.
	Server string `json:"server,omitempty"`
	// KubernetesVersion is the version that the API server reports, as v1.37.2.
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// Nodes is always "simulated": pods are scheduled and reported as ready, but nothing runs in them.
	Nodes string `json:"nodes,omitempty"`
	// NodeNames are the nodes' names.
	NodeNames []string `json:"nodeNames,omitempty"`
	// Components are the processes, in the order in which they were started.
	Components []Component `json:"components,omitempty"`
	// Supervisor is the process that watches over the others.
	Supervisor process.Identity `json:"supervisor"`
	// Folder is the state folder.
	Folder Folder `json:"folder"`
	// StartedAt is when the start began, ReadyAt when it was ready, EndsAt when it ends by itself.
	StartedAt time.Time `json:"startedAt"`
	ReadyAt   time.Time `json:"readyAt,omitzero"`
	EndsAt    time.Time `json:"endsAt"`
	// Failure is set when a component ended or did not become ready.
	Failure *Failure `json:"failure,omitempty"`
	// Steps are what has been done so far, oldest first.
	Steps []Step `json:"steps,omitempty"`
}

// Component is one process of a sandbox.
type Component struct {
	// Name is unique in the sandbox.
	Name string `json:"name"`
	process.Identity
	// Log is the path of its log.
	Log string `json:"log"`
	// URL is where it serves its metrics and its health, if it serves them without a certificate.
	URL string `json:"url,omitempty"`
	// Alive is filled in when the state is read.
	Alive bool `json:"alive"`
}

// Failure says which component failed and how.
type Failure struct {
	// Component is its name.
	Component string `json:"component"`
	// Result says how the process ended ("exit status 1"), or that it did not become ready.
	Result string `json:"result"`
	// LogTail are the last lines of its log.
	LogTail []string `json:"logTail,omitempty"`
}

// Step is one line of progress.
type Step struct {
	// AtMilliseconds is when it was reached, since the start began.
	AtMilliseconds int64 `json:"atMilliseconds"`
	// Text says what was reached.
	Text string `json:"text"`
}

// Write stores the state. A reader sees the old or the new one, never a part.
func (f Folder) Write(state State) error {
	content, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("sandbox: encode the state: %w", err)
	}
	return WriteFile(f.join(stateFile), append(content, '\n'))
}

// Read returns what was last stored, with Alive filled in, and false when there is nothing. What is stored may be out of date: see Current.
func (f Folder) Read() (State, bool, error) {
	content, err := os.ReadFile(f.join(stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, false, nil
	}
	if err != nil {
		return State{}, false, fmt.Errorf("sandbox: read the state: %w", err)
	}
	var state State
	if err := json.Unmarshal(content, &state); err != nil {
		return State{}, false, fmt.Errorf("sandbox: decode %s: %w", f.join(stateFile), err)
	}
	for index := range state.Components {
		state.Components[index].Alive = state.Components[index].Identity.Alive()
	}
	return state, true, nil
}

// Current returns the state of the supervisor that holds the lock, and false when there is none or when it has not written anything yet. That the lock is held does not make the
// stored state true: it may still be the one of a predecessor that was killed.
func (f Folder) Current() (state State, locked, valid bool, err error) {
	locked, err = f.Locked()
	if err != nil || !locked {
		return State{}, locked, false, err
	}
	state, found, err := f.Read()
	if err != nil || !found || !state.Supervisor.Alive() {
		return State{}, true, false, err
	}
	return state, true, true, nil
}

// WriteFile replaces a file by one that only the user may read, at once for all readers. There must be one writer of a file at a time.
func WriteFile(path string, content []byte) error {
	temporary := path + newSuffix
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return fmt.Errorf("sandbox: write %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("sandbox: write %s: %w", path, err)
	}
	return nil
}
