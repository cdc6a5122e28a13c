using System.Globalization;
using System.Security.Cryptography;

namespace Graft.Sqlite;

/// <summary>
/// Takes the pieces of a database that is to replace this one, and puts them together (docs/internals/sqlite.md, section 11). What it keeps lies in the batch's
/// transaction, so it's in every snapshot: who joins in the middle has it too.
/// </summary>
internal sealed class LoadDesk(WriterSession session, ConnectionFactory factory, Generations files)
{
    private const string HashSetting = "load hash";
    private const string SizeSetting = "load size";
    private const string ExpirySetting = "load expiry";
    private const string None = "there's no load of this name under way: it has ended, expired, or another was begun; begin it again";

    /// <summary>Begins an upload; one that is under way ends.</summary>
    internal void Begin(in Upload upload, in AppliedAt at)
    {
        Clear();
        session.SetSetting(HashSetting, Convert.ToHexStringLower(upload.Hash.Span));
        session.SetSetting(SizeSetting, upload.Size);
        session.SetSetting(ExpirySetting, at.Time.ToUnixTimeSeconds() + upload.LifetimeSeconds);
    }

    /// <summary>Takes a piece; the same again changes nothing.</summary>
    /// <returns>Why it's refused; null if it isn't.</returns>
    internal string? Add(ReadOnlyMemory<byte> hash, long offset, ReadOnlyMemory<byte> bytes, in AppliedAt at)
    {
        if (!IsUnderWay(hash.Span, at))
        {
            return None;
        }

        session.AddPiece(offset, bytes.Span);
        return null;
    }

    /// <summary>Puts the pieces together as the incoming state, and checks it.</summary>
    /// <returns>Why it's refused, the same on every node; null if it's there, to be installed by the commit.</returns>
    internal string? End(ReadOnlyMemory<byte> hash, in AppliedAt at)
    {
        if (!IsUnderWay(hash.Span, at))
        {
            return None;
        }

        files.ClearIncoming();
        string? why = Assemble(hash.Span) ?? LoadedDatabase.Prepare(factory, files.Incoming, session);
        Clear();
        if (why is not null)
        {
            files.ClearIncoming();
        }

        return why;
    }

    private string? Assemble(ReadOnlySpan<byte> hash)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = long.Parse(session.Setting(SizeSetting)!, CultureInfo.InvariantCulture);
        long offset = 0;
        using (var file = new FileStream(files.Incoming, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        using (SqliteStatement pieces = session.Connection.Prepare("SELECT offset, bytes FROM _graft_load ORDER BY offset"))
        {
            while (pieces.StepOrThrow())
            {
                if (pieces.Integer(0) != offset)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"a piece is missing at byte {offset}; send it, and end the load again");
                }

                ReadOnlySpan<byte> bytes = pieces.Bytes(1);
                sum.AppendData(bytes);
                file.Write(bytes);
                offset += bytes.Length;
            }
        }

        return offset == size && sum.GetHashAndReset().AsSpan().SequenceEqual(hash)
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"what has arrived ({offset} of {size} bytes) isn't what was announced: its SHA-256 differs; load it again");
    }

    private bool IsUnderWay(ReadOnlySpan<byte> hash, in AppliedAt at)
    {
        if (session.Setting(HashSetting) != Convert.ToHexStringLower(hash))
        {
            return false;
        }

        if (at.Time.ToUnixTimeSeconds() <= long.Parse(session.Setting(ExpirySetting)!, CultureInfo.InvariantCulture))
        {
            return true;
        }

        Clear();
        return false;
    }

    private void Clear() => session.Connection.Execute(
        $"DELETE FROM _graft_load; DELETE FROM _graft_setting WHERE name IN ('{HashSetting}', '{SizeSetting}', '{ExpirySetting}')");
}
