using System.Buffers.Binary;
using System.Globalization;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>Draws what the groups want to have durable: all that a core may ask for, and its extremes.</summary>
internal sealed class LogWriteSource(SeededRandom random, LogWorldOptions options, LogDriver driver)
{
    // Ids of entries are used once, also across truncations, resets and removals: as the terms of a real group see to.
    private ulong _term = 1;

    // One payload in so many looks like a record, but for the salt.
    private const ulong ForgesEvery = 5;

    internal GroupId PickGroup() => new((ulong)random.Next(1, options.Groups));

    internal LogWrite Next()
    {
        var write = new LogWrite();
        GroupId group = PickGroup();
        write.Begin(group);
        GroupState state = driver.Of(group);
        ulong last = state.Last.Index.Value;
        if (options.Removes > 0 && random.Chance(options.Removes) && driver.Live.ContainsKey(group.Value))
        {
            write.IsRemoval = true;
            return write;
        }

        if (state.Lost is not null && random.Chance(200))
        {
            write.ForgetsLoss = true;
        }

        bool isHard = random.Chance(250);
        if (random.Chance(options.Compacts) && state.LiveCount > 0)
        {
            ulong at = state.Start.At.Index.Value + 1 + random.NextBelow((ulong)state.LiveCount);
            at = random.Chance(400) ? last : at;
            write.Start = new LogStart(state.IdAt(at), new LogIndex(random.NextBelow(at + 1)), Bytes(random.Next(0, 60)));
        }
        else if (random.Chance(20))
        {
            // A snapshot from the leader, ahead of all that this log has or in conflict with it.
            ulong at = Math.Max(last, state.Start.At.Index.Value) + 1 + random.NextBelow(50);
            write.Start = new LogStart(EntryId.Of(++_term, at), new LogIndex(at), Bytes(random.Next(0, 60)));
            write.IsReset = random.Chance(500);
            last = at;
            isHard = true;
        }
        else if (state.LiveCount > 0 && random.Chance(80))
        {
            ulong least = Math.Max(state.Hard.Commit.Value, state.Start.At.Index.Value);
            if (least < last)
            {
                last = least + random.NextBelow(last - least);
                write.TruncateAfter = new LogIndex(last);
                _term++;
                isHard = true;
            }
        }

        if (random.Chance(150))
        {
            _term += random.NextBelow(3);
        }

        AddEntries(write, last);
        ulong now = write.Count > 0 ? write.Entries[^1].Id.Index.Value : last;
        if (isHard || write.Count == 0)
        {
            NodeId? vote = random.Chance(700) ? new NodeId((ulong)random.Next(1, 9)) : null;
            ulong low = Math.Max(state.Hard.Commit.Value, write.Start?.At.Index.Value ?? 0);
            ulong commit = low >= now ? low : low + random.NextBelow(now - low + 1);
            LogKind kind = state.Hard.Log != LogKind.Undecided ? state.Hard.Log : random.Next(0, 2) switch { 0 => LogKind.Undecided, 1 => LogKind.Full, _ => LogKind.HeadersOnly };
            write.HardState = new HardState(new Term(_term), vote, new LogIndex(Math.Min(commit, now)), kind);
        }

        return write;
    }

    internal static string Describe(LogWrite write) => string.Create(
        CultureInfo.InvariantCulture,
        $"g{write.Group.Value}{(write.IsRemoval ? " removed" : "")}{(write.HardState is { } hard ? $" {hard}" : "")}{(write.Start is { } start ? $" start {start.At}{(write.IsReset ? " reset" : "")}" : "")}{(write.TruncateAfter is { } after ? $" truncated after {after.Value}" : "")}{(write.ForgetsLoss ? " forgets its loss" : "")}{(write.Count > 0 ? $" {write.Entries[0].Id}..{write.Entries[^1].Id}" : "")}");

    private void AddEntries(LogWrite write, ulong last)
    {
        bool isLarge = random.Chance(options.Rolls);
        int count = isLarge ? random.Next(1, 12) : random.Chance(850) ? random.Next(0, 3) : random.Next(4, 60);
        for (int i = 0; i < count; i++)
        {
            last++;
            EntryKind kind = random.Next(0, 20) switch { 0 => EntryKind.NoOp, 1 => EntryKind.Membership, _ => EntryKind.Command };
            int size = kind switch
            {
                EntryKind.NoOp => 0,
                EntryKind.Membership => random.Next(1, 100),
                _ when isLarge => random.Chance(100) ? options.Log.MaxPayloadBytes : random.Next(0, Math.Min(options.Log.MaxPayloadBytes, 6000)),
                _ => random.Chance(50) ? 0 : random.Next(0, options.Largest),
            };
            byte[] payload = Bytes(size);
            if (last % ForgesEvery == 0 && kind == EntryKind.Command)
            {
                driver.Forge(payload);
            }

            StoredEntry entry = StoredEntry.Born(EntryId.Of(_term, last), kind, payload);
            LogDriver.Require(entry.Checksum == LogDriver.ChecksumOf(entry), $"the checksum of {entry} is {entry.Checksum:x8} instead of {LogDriver.ChecksumOf(entry):x8}");
            bool isHeader = kind == EntryKind.Command && random.Chance(30);
            write.Add(isHeader ? entry with { Payload = default, IsHeaderOnly = true } : entry);
        }
    }

    // Some are a picture of a record's end or of nothing at all: runs of zeros and of one byte.
    private byte[] Bytes(int size)
    {
        byte[] bytes = new byte[size];
        if (random.Chance(900))
        {
            ulong x = random.NextUInt64() | 1;
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            for (Span<byte> left = bytes; left.Length > 0; left = left[Math.Min(left.Length, word.Length)..])
            {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                BinaryPrimitives.WriteUInt64LittleEndian(word, x);
                word[..Math.Min(left.Length, word.Length)].CopyTo(left);
            }
        }

        return bytes;
    }
}
