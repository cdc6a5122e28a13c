using System.Text;
using Graft.Consensus;
using Graft.Storage;

namespace Graft.Tests.Machines;

/// <summary>Logs of committed entries, with everything that the node itself keeps a state of.</summary>
internal static class EntryLog
{
    /// <summary>Sessions that are opened, used, asked again, fenced, expired and closed, between plain commands.</summary>
    internal static StoredEntry[] Draw(ulong seed, ulong count)
    {
        var random = new SeededRandom(seed);
        var log = new StoredEntry[count];
        List<ulong> sessions = [1];
        long clock = 0;
        for (ulong index = 1; index <= count; index++)
        {
            clock += (long)random.NextBelow(200);
            bool opens = index == 1 || random.Chance(10);
            ulong session = sessions[random.Next(Math.Max(0, sessions.Count - 4), sessions.Count - 1)];
            WriteForm form = opens ? WriteForm.OpenSession
                : random.Chance(30) ? WriteForm.Fence
                : random.Chance(10) ? WriteForm.CloseSession
                : random.Chance(20) ? WriteForm.KeepAlive
                : random.Chance(20) ? WriteForm.Announce
                : WriteForm.Command;
            bool isNumbered = form != WriteForm.Command || random.Chance(800);
            ulong sequence = 1 + (index / 4) + random.NextBelow(6);
            var envelope = new EntryEnvelope(
                form, (long)random.NextBelow(1000), random.NextUInt64(), isNumbered ? session : 0, sequence, random.Chance(50) ? Math.Max(sequence, 3) - 3 : 0, clock);
            byte[] command = form switch
            {
                WriteForm.OpenSession => BitConverter.GetBytes((long)random.NextBelow(20_000)),
                WriteForm.Announce => AddressBook.Encode(new NodeId(random.NextBelow(5)), random.Chance(300) ? "" : "host:1"),
                _ => Encoding.UTF8.GetBytes($"c{index}"),
            };
            if (opens)
            {
                sessions.Add(index);
            }

            log[index - 1] = random.Chance(20) && !opens
                ? StoredEntry.Born(EntryId.Of(1, index), EntryKind.NoOp, default)
                : Born(index, envelope, command);
        }

        return log;
    }

    internal static StoredEntry Command(ulong index, string command, ulong session = 0, ulong sequence = 0, long clock = 0) =>
        Born(index, new EntryEnvelope(WriteForm.Command, (long)index, index, session, sequence, 0, clock), Encoding.UTF8.GetBytes(command));

    internal static StoredEntry OpenSession(ulong index, long lifetime) =>
        Born(index, new EntryEnvelope(WriteForm.OpenSession, (long)index, index, 0, 0, 0, 0), BitConverter.GetBytes(lifetime));

    private static StoredEntry Born(ulong index, in EntryEnvelope envelope, byte[] command)
    {
        byte[] payload = new byte[EntryEnvelope.SizeOf(envelope.Form, envelope.Session != 0, command.Length)];
        envelope.Write(command, payload);
        return StoredEntry.Born(EntryId.Of(1, index), EntryKind.Command, payload);
    }
}
