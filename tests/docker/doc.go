// Package docker seeds servers that run in containers: those of any image of MySQL, MariaDB or Percona Server, with agents in
// containers that are made of the same image and of this project's Dockerfile, so that each has the client programs that
// fit its server. It also starts the images of both programs as they are meant to be run. script/test-docker runs it.
//
// Everything is on the host's network, on loopback addresses that nobody else has. A pair of servers shares one directory
// with its agents, which all of them see at the same path. The directory is removed through a container, because users of
// the image own files in it; containers and images that the tests made are removed too.
//
// It is a module of its own, so that nobody else needs what is needed to talk to an engine.
package docker
