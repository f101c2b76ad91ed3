// Package imports holds the test that keeps the directions of imports between the project's packages.
package imports
