// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

const nodesPath = "/api/v1/nodes"

// MaximumNodes is how many nodes a sandbox can have: each has an address of its own in one small network.
const MaximumNodes = 200

// Nodes creates this many simulated nodes and returns their names. Each has the label kubernetes.io/hostname with its own name, so that replicas that must not
// share a host find several, and a zone of its own.
func (c *Client) Nodes(ctx context.Context, count int) ([]string, error) {
	names := make([]string, 0, count)
	for number := 1; number <= count; number++ {
		name := "sandbox-node-" + strconv.Itoa(number)
		content, err := json.Marshal(node(name, number))
		if err != nil {
			return nil, fmt.Errorf("sandbox: encode node %s: %w", name, err)
		}
		if err := c.Ensure(ctx, "node "+name+" to be accepted", nodesPath, content); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func node(name string, number int) map[string]any {
	type address map[string]string
	return map[string]any{
		"apiVersion": "v1", "kind": "Node",
		"metadata": map[string]any{
			"name": name,
			"labels": map[string]string{
				"kubernetes.io/hostname":        name,
				"kubernetes.io/os":              "linux",
				"kubernetes.io/arch":            runtime.GOARCH,
				"topology.kubernetes.io/region": "sandbox",
				"topology.kubernetes.io/zone":   "sandbox-zone-" + strconv.Itoa(number),
				"type":                          "kwok",
			},
			"annotations": map[string]string{
				"kwok.x-k8s.io/node":           "fake",
				"node.alpha.kubernetes.io/ttl": "0",
			},
		},
		"status": map[string]any{
			"addresses": []address{
				// Of the network for documentation: pods on the host's network report it, and an Endpoints object may not hold a loopback address.
				{"type": "InternalIP", "address": "192.0.2." + strconv.Itoa(number)},
				// What the API server calls for a pod's logs: KWOK answers there.
				{"type": "ExternalIP", "address": "127.0.0.1"},
				{"type": "Hostname", "address": name},
			},
		},
	}
}

// AwaitNodes waits until this many nodes are ready and pods can be scheduled on them.
func (c *Client) AwaitNodes(ctx context.Context, count int) error {
	return Await(ctx, "the simulated nodes to be ready", func(ctx context.Context) error {
		var list struct {
			Items []struct {
				Spec struct {
					Taints []struct {
						Key string `json:"key"`
					} `json:"taints"`
				} `json:"spec"`
				Status struct {
					Conditions []struct {
						Type   string `json:"type"`
						Status string `json:"status"`
					} `json:"conditions"`
				} `json:"status"`
			} `json:"items"`
		}
		if err := c.Get(ctx, nodesPath, &list); err != nil {
			return err
		}
		ready := 0
		for _, item := range list.Items {
			for _, condition := range item.Status.Conditions {
				if condition.Type == "Ready" && condition.Status == "True" && len(item.Spec.Taints) == 0 {
					ready++
				}
			}
		}
		if ready < count {
			return fmt.Errorf("sandbox: got %d nodes that are ready and untainted, want %d", ready, count)
		}
		return nil
	})
}

// AwaitServiceAccounts waits until the controller manager has made the first service account, without which no pod can be created.
func (c *Client) AwaitServiceAccounts(ctx context.Context) error {
	return Await(ctx, "the service account of the namespace default", func(ctx context.Context) error {
		return c.Get(ctx, "/api/v1/namespaces/default/serviceaccounts/default", nil)
	})
}

// StorageClass creates the StorageClass in a file.
func (c *Client) StorageClass(ctx context.Context, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("sandbox: read the StorageClass: %w", err)
	}
	return c.Ensure(ctx, "the StorageClass to be accepted", "/apis/storage.k8s.io/v1/storageclasses", content)
}

const rolesPath = "/apis/rbac.authorization.k8s.io/v1/"

// Roles creates every ClusterRole in the YAML files of a folder, and gives them to users.
func (c *Client) Roles(ctx context.Context, folder string, users map[string]string) error {
	files, err := manifests(folder)
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("sandbox: read a ClusterRole: %w", err)
		}
		if err := c.Ensure(ctx, filepath.Base(file)+" to be accepted", rolesPath+"clusterroles", content); err != nil {
			return err
		}
	}
	for user, role := range users {
		binding, err := json.Marshal(map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
			"metadata": map[string]any{"name": user},
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
			"subjects": []map[string]any{{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}},
		})
		if err != nil {
			return fmt.Errorf("sandbox: encode the binding of %s: %w", user, err)
		}
		if err := c.Ensure(ctx, "the rights of "+user+" to be accepted", rolesPath+"clusterrolebindings", binding); err != nil {
			return err
		}
	}
	return nil
}

// AwaitReady waits until the API server calls itself ready.
func (c *Client) AwaitReady(ctx context.Context) error {
	return Await(ctx, "the API server", c.Ready)
}

// Ready asks the API server once whether it is ready.
func (c *Client) Ready(ctx context.Context) error { return c.Get(ctx, "/readyz", nil) }

// Version is the Kubernetes version that the API server reports.
func (c *Client) Version(ctx context.Context) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	err := c.Get(ctx, "/version", &version)
	return version.GitVersion, err
}
