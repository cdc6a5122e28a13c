namespace Graft.Storage;

/// <summary>What a record of the log says (docs/internals/storage-format.md, 2.2). The values are on disk.</summary>
internal enum RecordKind : byte
{
    Command = EntryKind.Command,
    NoOp = EntryKind.NoOp,
    Membership = EntryKind.Membership,
    Truncate = 4,
    Start = 5,
    Segments = 6,
    Retire = 7,
    Remove = 8,
    End = 9,
    Runs = 10,
}
