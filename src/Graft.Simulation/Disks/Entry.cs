namespace Graft.Simulation.Disks;

/// <summary>What a name points to: a file or a directory, by its number.</summary>
internal readonly record struct Entry(bool IsDirectory, int Id);
