// SPDX-License-Identifier: Apache-2.0

// Package components knows the programs that a sandbox is made of: their flags, their configuration files and credentials, and how each tells that it is ready.
package components

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

// Component is one program with all that is needed to run it.
type Component struct {
	// Name is unique in the sandbox; its log is named after it.
	Name string
	// Program is the executable's file name in the programs' folder.
	Program string
	// Args are its arguments.
	Args []string
	// Environment is added to the environment that all components get.
	Environment []string
	// URL is where it serves metrics and health without a certificate, if it does.
	URL string
	// Ready asks once whether it can do its work; nil means yes.
	Ready func(ctx context.Context) error
	// Grace is how long it may take to end before it is killed. All data is thrown away with the sandbox, so that it can be short.
	Grace time.Duration
}

// Setup is what the components of one sandbox have in common.
type Setup struct {
	// Folder is the state folder.
	Folder state.Folder
	// Programs is the folder of the executables and of the manifests that were copied from the pinned modules.
	Programs string
	// Ports are the ports of this start.
	Ports Ports
	// NotAfter is how long the certificates are valid.
	NotAfter time.Time
}

// Ports are the loopback ports of the servers.
type Ports struct {
	EtcdClient, EtcdPeer, APIServer, ControllerManager, Scheduler, Kwok, PrometheusOperator, OboPrometheusOperator, ObservabilityOperator int
}

// ChoosePorts finds a free port for each server.
func ChoosePorts() (Ports, error) {
	var chosen Ports
	fields := []*int{
		&chosen.EtcdClient, &chosen.EtcdPeer, &chosen.APIServer, &chosen.ControllerManager,
		&chosen.Scheduler, &chosen.Kwok, &chosen.PrometheusOperator, &chosen.OboPrometheusOperator, &chosen.ObservabilityOperator,
	}
	free, err := ports.Free(len(fields))
	if err != nil {
		return Ports{}, err
	}
	for index, field := range fields {
		*field = free[index]
	}
	return chosen, nil
}

// Server is the API server's address.
func (s Setup) Server() string { return "https://" + ports.Address(s.Ports.APIServer) }

// Path is the path of a program or of a folder of manifests.
func (s Setup) Path(elements ...string) string {
	return filepath.Join(append([]string{s.Programs}, elements...)...)
}

// Check tells whether everything that was to be built is there.
func (s Setup) Check() error {
	needed := []string{controlPlaneProgram, kwokProgram, StagesFolder, DefinitionsFolder, RolesFolder}
	for _, operator := range s.Operators() {
		needed = append(needed, operator.Program)
	}
	for _, name := range needed {
		if _, err := os.Stat(s.Path(name)); err != nil {
			return fmt.Errorf("sandbox: it is not built completely (run `make sandbox`): %w", err)
		}
	}
	return nil
}

// Environment is the whole environment that every component gets: nothing of the user's, so that no proxy setting, kubeconfig or configuration in the home folder reaches a component.
func (s Setup) Environment() []string {
	return []string{
		"HOME=" + s.Folder.Scratch(),
		"TMPDIR=" + s.Folder.Scratch(),
		"PATH=/usr/bin:/bin",
	}
}
