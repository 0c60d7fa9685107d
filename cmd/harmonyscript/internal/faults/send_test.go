// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/harmonyscript/harmonyscript/internal/sandboxtest"
	"github.com/harmonyscript/harmonyscript/runtime/cluster"
)

// senders are the connections of send, by address.
var senders struct {
	sync.Mutex
	clients map[string]*http.Client
}

// senderTo returns the client for a server, past the engine.
func senderTo(client *cluster.Client) (*http.Client, error) {
	senders.Lock()
	defer senders.Unlock()
	if known := senders.clients[client.Host()]; known != nil {
		return known, nil
	}
	made, err := sandboxtest.Client(client.RESTConfig())
	if err != nil {
		return nil, err
	}
	if senders.clients == nil {
		senders.clients = map[string]*http.Client{}
	}
	senders.clients[client.Host()] = made
	return made, nil
}

// send sends one request, past the engine.
func send(client *cluster.Client, method, path, contentType, body string) (int, string, error) {
	sender, err := senderTo(client)
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequest(method, strings.TrimSuffix(client.Host(), "/")+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := sender.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}
