// SPDX-License-Identifier: Apache-2.0

// This file tells clusters apart.

package cluster

import (
	"context"

	"github.com/harmonyscript/harmonyscript/runtime/backend"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Identity tells a cluster from others, whatever its kubeconfig context is called.
type Identity struct {
	// Server is the address of the API server, as the connection has it.
	Server string `json:"server"`
	// UID is that of the namespace kube-system, which lives as long as the cluster; empty when it may not be read.
	UID string `json:"uid,omitempty"`
}

// Is reports whether both are the same cluster: by UID where both are known, else by address.
func (i Identity) Is(other Identity) bool {
	if i.UID != "" && other.UID != "" {
		return i.UID == other.UID
	}
	return i.Server == other.Server
}

// String returns the address, with the UID where it is known.
func (i Identity) String() string {
	if i.UID == "" {
		return i.Server
	}
	return i.Server + " (kube-system " + i.UID + ")"
}

// Identity asks the cluster who it is. That the namespace may not be read is no error.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	identity := Identity{Server: c.Host()}
	found, err := c.GetMetadata(ctx, backend.ID{Version: "v1", Kind: "Namespace", Name: "kube-system"})
	switch {
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return identity, nil
	case err != nil:
		return identity, err
	}
	identity.UID = string(found.UID)
	return identity, nil
}
