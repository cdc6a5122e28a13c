namespace Graft.EndToEnd.Tests;

/// <summary>Tests that start processes, one after the other: two clusters at a time would measure each other.</summary>
[CollectionDefinition(nameof(Processes), DisableParallelization = true)]
public sealed class Processes;
