namespace Graft.Sqlite;

/// <summary>What an entry's next statement can ask the connection about those before it.</summary>
/// <param name="Random">Where its chance has got to.</param>
/// <param name="TotalChanges">What <c>total_changes()</c> says.</param>
/// <param name="LastRowId">What <c>last_insert_rowid()</c> says.</param>
/// <param name="SawLastRowId">A row with the rowid 2⁶³−1 was written.</param>
/// <param name="SawAutomerge">FTS4 was told to merge by itself.</param>
internal readonly record struct EntryState(EntryRandom Random, int TotalChanges, long LastRowId, bool SawLastRowId, bool SawAutomerge);
