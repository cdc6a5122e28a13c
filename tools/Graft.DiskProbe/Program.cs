using Graft.Storage;

// A writer for the tests of kind "real-faults", to be run where system calls fail: under strace, on a full file system, on a
// device that loses writes. Each line that it prints is what a node would tell its clients, so it prints "acknowledged"
// after a flush and at no other time.
//
//   append DIRECTORY COUNT SIZE   appends COUNT records of SIZE bytes, the odd ones in pieces, and flushes each; after a
//                                 failure it tries everything once more
//   count DIRECTORY SIZE          prints how many of them are there, whole and one behind the other
//   names DIRECTORY               creates two files and flushes the directory after each
//   fill DIRECTORY                appends until there's no space, deletes the file "filler", and appends again
//   self-test DIRECTORY           prints the result of the self-test

string mode = args[0];
FileDisk disk = new(args[1]);

switch (mode)
{
    case "append":
        using (IDiskFile file = disk.Open("log", DiskAccess.Create))
        {
            Append(file, int.Parse(args[2], null), int.Parse(args[3], null));
        }

        break;

    case "count":
        using (IDiskFile file = disk.Open("log", DiskAccess.Read))
        {
            try
            {
                Console.WriteLine($"found {Count(file, int.Parse(args[2], null))}");
            }
            catch (DiskException unreadable) when (unreadable.Error == DiskError.Failed)
            {
                Report("unreadable", unreadable);
            }
        }

        break;

    case "names":
        Name("first");
        Name("second");
        break;

    case "fill":
        Fill();
        break;

    case "self-test":
        Console.WriteLine(DiskSelfTest.Run(disk));
        break;

    default:
        throw new ArgumentException($"No such mode: {mode}", nameof(args));
}

static void Append(IDiskFile file, int count, int size)
{
    byte[] record = new byte[size];
    for (int i = 0; i < count; i++)
    {
        record.AsSpan().Fill(unchecked((byte)(i + 1)));
        try
        {
            if (i % 2 == 0)
            {
                file.Write([record.AsMemory(0, 1), record.AsMemory(1)], (long)i * size);
            }
            else
            {
                file.Write(record, (long)i * size);
            }

            file.Flush();
            Console.WriteLine($"acknowledged {i + 1}");
        }
        catch (DiskException failure)
        {
            Report("failed", failure);
            Try("flush again", file.Flush);
            Try("write again", () => file.Write(record, 0));
            return;
        }
    }
}

static int Count(IDiskFile file, int size)
{
    byte[] record = new byte[size];
    int count = 0;
    while (file.Read(record, (long)count * size) == size && !record.AsSpan().ContainsAnyExcept(unchecked((byte)(count + 1))))
    {
        count++;
    }

    return count;
}

void Name(string name)
{
    disk.Open(name, DiskAccess.Create).Dispose();
    try
    {
        disk.FlushDirectory("");
        Console.WriteLine($"acknowledged {name}");
    }
    catch (DiskException failure)
    {
        Report("failed", failure);
    }
}

void Fill()
{
    byte[] record = new byte[64 * 1024];
    using (IDiskFile filler = disk.Open("filler", DiskAccess.Create))
    {
        filler.Write(record, 0);
        filler.Flush();
    }

    using IDiskFile file = disk.Open("log", DiskAccess.Create);
    long end = 0;
    try
    {
        // Far beyond any file system that this is meant for.
        for (; end < 64 << 20; end += record.Length)
        {
            file.Write(record, end);
            file.Flush();
        }

        Console.WriteLine("never full");
    }
    catch (DiskException failure)
    {
        Report("failed", failure);
    }

    disk.Delete("filler");
    Try("write after space was freed", () => file.Write(record.AsSpan(0, 4096), end));
    Try("flush after space was freed", file.Flush);
}

static void Try(string what, Action action)
{
    try
    {
        action();
        Console.WriteLine($"{what}: succeeded");
    }
    catch (DiskException failure)
    {
        Report(what, failure);
    }
}

static void Report(string what, DiskException failure) => Console.WriteLine($"{what}: {failure.Error}: {failure.Message}");
