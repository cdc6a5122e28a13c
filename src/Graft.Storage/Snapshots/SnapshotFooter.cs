namespace Graft.Storage;

/// <summary>What the footer of a snapshot file says.</summary>
internal readonly record struct SnapshotFooter(uint FileCrc, long FileBytes, long ContentBytes);
