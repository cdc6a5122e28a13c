using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Graft.NodeProcess;

/// <summary>Registers, and an account of which number of which client was applied: a command that is lost or done twice shows.</summary>
/// <remarks>The digest takes in every command with its place, time and seed, in order: two nodes that have the same applied the same.</remarks>
internal sealed class LedgerMachine : IStateMachine
{
    private readonly SortedDictionary<ulong, NumberRuns> _clients = [];
    private readonly Dictionary<ulong, byte[]> _registers = [];
    private ulong _applied;
    private ulong _digest = 1;

    /// <summary>Asked for what isn't state. Until it's set there is nothing to tell.</summary>
    internal Func<NodeFigures>? Figures { get; set; }

    public ValueTask ApplyAsync(CommandBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            Apply(batch[i].Span, batch.At(i));
            byte[] answer = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(answer, _applied);
            batch.Answer(i, answer);
        }

        return default;
    }

    public ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        ulong argument = BinaryPrimitives.ReadUInt64LittleEndian(query.Span[1..]);
        return ValueTask.FromResult<ReadOnlyMemory<byte>>(query.Span[0] switch
        {
            LedgerQuery.RegisterKind => _registers.TryGetValue(argument, out byte[]? value) ? value.ToArray() : [],
            LedgerQuery.LastKind => BitConverter.GetBytes(_clients.TryGetValue(argument, out NumberRuns? runs) ? runs.Last : 0),
            LedgerQuery.ReportKind => Encoding.UTF8.GetBytes(Report()),
            LedgerQuery.FiguresKind => Figures?.Invoke().Encode() ?? [],
            _ => throw new ArgumentException($"No such query: {query.Span[0]}.", nameof(query)),
        });
    }

    public ValueTask<IStateImage> CaptureAsync()
    {
        using var image = new MemoryStream();
        using var writer = new BinaryWriter(image);
        writer.Write(_applied);
        writer.Write(_digest);
        writer.Write(_clients.Count);
        foreach ((ulong client, NumberRuns numbers) in _clients)
        {
            writer.Write(client);
            writer.Write(numbers.Repeats);
            writer.Write(numbers.Runs.Length);
            foreach ((ulong first, ulong last) in numbers.Runs)
            {
                writer.Write(first);
                writer.Write(last);
            }
        }

        writer.Write(_registers.Count);
        foreach ((ulong register, byte[] value) in _registers.OrderBy(static pair => pair.Key))
        {
            writer.Write(register);
            writer.Write(value.Length);
            writer.Write(value);
        }

        writer.Flush();
        return ValueTask.FromResult<IStateImage>(new LedgerImage(image.ToArray()));
    }

    public ValueTask RestoreAsync(Stream image)
    {
        using var reader = new BinaryReader(image, Encoding.UTF8, leaveOpen: true);
        _clients.Clear();
        _registers.Clear();
        _applied = reader.ReadUInt64();
        _digest = reader.ReadUInt64();
        int clients = reader.ReadInt32();
        for (int i = 0; i < clients; i++)
        {
            ulong client = reader.ReadUInt64();
            ulong repeats = reader.ReadUInt64();
            var runs = new (ulong First, ulong Last)[reader.ReadInt32()];
            for (int run = 0; run < runs.Length; run++)
            {
                runs[run] = (reader.ReadUInt64(), reader.ReadUInt64());
            }

            _clients.Add(client, new NumberRuns(ImmutableCollectionsMarshal.AsImmutableArray(runs), repeats));
        }

        int registers = reader.ReadInt32();
        for (int i = 0; i < registers; i++)
        {
            ulong register = reader.ReadUInt64();
            _registers.Add(register, reader.ReadBytes(reader.ReadInt32()));
        }

        return default;
    }

    private void Apply(ReadOnlySpan<byte> command, in AppliedAt at)
    {
        ulong client = BinaryPrimitives.ReadUInt64LittleEndian(command);
        ulong register = BinaryPrimitives.ReadUInt64LittleEndian(command[16..]);
        if (!_clients.TryGetValue(client, out NumberRuns? numbers))
        {
            numbers = new NumberRuns();
            _clients.Add(client, numbers);
        }

        numbers.Add(BinaryPrimitives.ReadUInt64LittleEndian(command[8..]));
        ReadOnlySpan<byte> value = command[LedgerCommand.HeadBytes..];
        ref byte[]? held = ref CollectionsMarshal.GetValueRefOrAddDefault(_registers, register, out _);
        if (held is null || held.Length != value.Length)
        {
            held = new byte[value.Length];
        }

        value.CopyTo(held);
        _applied++;
        Mix(at.Index.Value);
        Mix((ulong)at.Time.UtcTicks);
        Mix(at.Seed);
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(command))
        {
            Mix(word);
        }
    }

    private void Mix(ulong word) => _digest = unchecked((BitOperations.RotateLeft(_digest, 23) ^ word) * 0x9E37_79B9_7F4A_7C15);

    private string Report()
    {
        var text = new StringBuilder();
        text.Append(System.Globalization.CultureInfo.InvariantCulture, $"applied {_applied} digest {_digest:x16} registers {_registers.Count}\n");
        foreach ((ulong client, NumberRuns numbers) in _clients)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{client} {numbers}\n");
        }

        return text.ToString();
    }
}
