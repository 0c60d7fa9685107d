// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/cluster"
	"k8s.io/client-go/rest"
)

// senders are the connections of send, by address.
var senders struct {
	sync.Mutex
	clients map[string]*http.Client
}

// senderTo returns a client that waits longer for a busy server than the usual one does: nobody looks at how it fares.
func senderTo(client *cluster.Client) (*http.Client, error) {
	senders.Lock()
	defer senders.Unlock()
	if known := senders.clients[client.Host()]; known != nil {
		return known, nil
	}
	secured, err := rest.TLSConfigFor(client.RESTConfig())
	if err != nil {
		return nil, err
	}
	if senders.clients == nil {
		senders.clients = map[string]*http.Client{}
	}
	made := &http.Client{Transport: &http.Transport{TLSClientConfig: secured, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 2 * time.Minute}}
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
