// SPDX-License-Identifier: Apache-2.0

// This file describes KWOK, which plays the nodes and their kubelets.

package components

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/harmonyscript/harmonyscript/sandbox/internal/ports"
	"github.com/harmonyscript/harmonyscript/sandbox/internal/state"
)

const (
	kwokName    = "kwok"
	kwokProgram = "kwok"
)

// StagesFolder is the folder of KWOK's stages, under the programs' folder. It also holds the StorageClass that its volume stages serve.
const StagesFolder = "stages"

// Kwok makes nodes ready and keeps them so, makes pods ready on them and removes the deleted ones, and provides volumes.
func (s Setup) Kwok() (Component, error) {
	stages, err := s.stages()
	if err != nil {
		return Component{}, err
	}
	args := []string{
		"--kubeconfig=" + s.componentKubeconfig(kwokName),
		"--manage-all-nodes=true",
		"--config=" + s.kwokConfig(),
		// The range of the pods' addresses. The default has 254.
		"--cidr=10.128.0.0/10",
		"--node-ip=" + ports.Loopback,
		"--node-port=" + strconv.Itoa(s.Ports.Kwok),
		"--server-address=" + ports.Address(s.Ports.Kwok),
		"--tls-cert-file=" + s.Folder.Secret(serverCertificate),
		"--tls-private-key-file=" + s.Folder.Secret(serverKey),
		"--node-lease-duration-seconds=40",
	}
	for _, stage := range stages {
		args = append(args, "--config="+stage)
	}
	url := "http://" + ports.Address(s.Ports.Kwok)
	return Component{
		Name: kwokName, Program: kwokProgram, Args: args, URL: url,
		Ready: func(ctx context.Context) error { return get(ctx, http.DefaultClient, url+"/healthz") },
		Grace: time.Second,
	}, nil
}

// stages lists KWOK's stage files.
func (s Setup) stages() ([]string, error) {
	var stages []string
	err := filepath.WalkDir(s.Path(StagesFolder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".yaml") && entry.Name() != StorageClassFile {
			stages = append(stages, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sandbox: list KWOK's stages: %w", err)
	}
	if len(stages) == 0 {
		return nil, fmt.Errorf("sandbox: KWOK's stages in %s: got none, want some: build the sandbox again", s.Path(StagesFolder))
	}
	return stages, nil
}

// StorageClassFile is the name of the manifest of the default StorageClass among the stages.
const StorageClassFile = "storage-class.yaml"

func (s Setup) kwokConfig() string { return s.Folder.Config("kwok.yaml") }

// simulatedNotice is the log of every container, in the format of container runtimes.
const simulatedNotice = "2000-01-01T00:00:00Z stdout F This pod is simulated by the harmonyscript sandbox: nothing runs in its containers, so that they have no logs.\n"

// writeKwokConfig lets KWOK play more pods at a time, which flags cannot do: the default of four makes a few hundred tenants wait. With a configuration file the
// other settings have no defaults. It also gives every container a log that says that there is none.
func (s Setup) writeKwokConfig() error {
	notice := s.Folder.Config("simulated.log")
	if err := state.WriteFile(notice, []byte(simulatedNotice)); err != nil {
		return err
	}
	return state.WriteFile(s.kwokConfig(), fmt.Appendf(nil, `apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options:
  enableDebuggingHandlers: true
  podPlayStageParallelism: 16
  nodePlayStageParallelism: 4
  nodeLeaseParallelism: 4
  podsOnNodeSyncParallelism: 1
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: ClusterLogs
metadata:
  name: simulated
spec:
  logs:
  - logsFile: %q
`, notice))
}

// WriteConfigs writes the configuration files that some components need.
func (s Setup) WriteConfigs() error {
	if err := s.writeSchedulerConfig(); err != nil {
		return err
	}
	return s.writeKwokConfig()
}
