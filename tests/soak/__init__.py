"""Hours of many companies made minutes, with a KSeF that fails at random."""
