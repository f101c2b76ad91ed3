// Package stream carries the output of a tool on one host to a tool on another. The doc comment is written with the tests.
package stream
